/** The result of a run: its metrics and its outputs, pictures first. */

import React from 'react';

import type { Output } from '../api/files';
import { fileUrl, listOutputs, zipUrl } from '../api/files';
import type { RunDetails } from '../api/runs';
import { useAsked } from '../screen/asked';
import { useHere } from '../screen/here';
import { Shown } from '../screen/parts';
import { bytes, figure } from '../screen/words';
import { ordered, shapeOf } from './kinds';
import { Preview } from './previews';

export function Metrics({ metrics }: { metrics: RunDetails['metrics'] }): React.JSX.Element | null {
  const { trans } = useHere();
  const entries = Object.entries(metrics);
  if (entries.length === 0) {
    return null;
  }
  return (
    <dl className="pm-Metrics" aria-label={trans.__('Metrics')}>
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd title={String(value)}>{figure(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** All outputs of a run that has ended. */
export function Outputs({ run }: { run: number }): React.JSX.Element {
  const { api, trans } = useHere();
  const outputs = useAsked(React.useCallback(() => listOutputs(api, run), [api, run]));
  return (
    <Shown asked={outputs} loading={trans.__('Loading outputs…')}>
      {({ outputs: all, directory }) => (
        <>
          {directory === null && all.length > 0 && (
            <p role="status">
              {trans.__(
                'The files of this run are not on this machine; what is recorded of them is.'
              )}
            </p>
          )}
          {all.length === 0 && <p className="pm-Muted">{trans.__('It has no outputs.')}</p>}
          {ordered(all).map(output => (
            <OutputView key={output.name} run={run} output={output} here={directory !== null} />
          ))}
        </>
      )}
    </Shown>
  );
}

interface IOutputProps {
  run: number;
  output: Output;
  /** Whether its files are on this machine. */
  here: boolean;
}

function OutputView({ run, output, here }: IOutputProps): React.JSX.Element {
  const { api, trans } = useHere();
  const folder = output.kind === 'folder';
  const size = folder
    ? `${trans._n('%1 file', '%1 files', output.file_count)}, ${bytes(output.size_bytes)}`
    : bytes(output.size_bytes);
  return (
    <figure className="pm-Output" aria-label={output.name}>
      <figcaption className="pm-Bar">
        <strong>{output.name}</strong>
        <span className="pm-Muted">
          {output.path} · {size}
          {output.declared ? '' : ` · ${trans.__('not declared')}`}
        </span>
        {here && (
          <a
            className="pm-Link"
            href={
              folder
                ? zipUrl(api, run, { output: output.name })
                : fileUrl(api, run, output.base, { download: true })
            }
            download
            aria-label={trans.__('Save %1', output.name)}
          >
            {folder ? trans.__('Save as zip') : trans.__('Save')}
          </a>
        )}
      </figcaption>
      {here && (
        <Preview
          run={run}
          path={output.base}
          size={output.size_bytes}
          label={output.name}
          shape={shapeOf(output)}
        />
      )}
    </figure>
  );
}
