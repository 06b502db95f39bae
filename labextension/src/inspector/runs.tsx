/** Completed runs that could feed an input, to choose one of. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IInput, IOutput } from '../api/methods';
import type { Run } from '../api/runs';
import { listRuns } from '../api/runs';
import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import type { ICatalogue } from '../pipeline/catalogue';
import { misfitOf } from '../pipeline/links';
import { Ago } from '../screen/ago';
import type { IApi } from '../tokens';

/** Runs in one answer. */
const PAGE = 50;

interface IProps {
  api: IApi;
  catalogue: ICatalogue;
  input: IInput;
  onChoose: (run: Run, output: string) => void;
  trans: TranslationBundle;
}

type Found = { runs: readonly Run[]; before: number | null } | { error: unknown } | null;

export function RunChooser({ api, catalogue, input, onChoose, trans }: IProps): React.JSX.Element {
  const [sample, setSample] = React.useState('');
  const [found, setFound] = React.useState<Found>(null);
  const [round, setRound] = React.useState(0);
  const { module } = input;
  React.useEffect(() => {
    let gone = false;
    const query = {
      status: ['completed'],
      limit: PAGE,
      ...(module === null ? {} : { module }),
      ...(sample.trim() === '' ? {} : { sample: sample.trim() })
    };
    listRuns(api, query).then(
      page => {
        if (!gone) {
          setFound(page);
        }
      },
      (error: unknown) => {
        if (!gone) {
          setFound({ error });
        }
      }
    );
    return () => {
      gone = true;
    };
  }, [api, module, sample, round]);
  if (found !== null && 'error' in found) {
    return (
      <ExplanationPanel
        explanation={explained(found.error, trans)}
        trans={trans}
        retry={() => {
          setFound(null);
          setRound(round + 1);
        }}
      />
    );
  }
  const fitting = (found?.runs ?? []).flatMap(run => {
    const outputs = outputsOf(run, catalogue).filter(
      output => misfitOf(output, catalogue.resolve(run.method, run.version), input, trans) === null
    );
    return outputs.length === 0 ? [] : [{ run, outputs }];
  });
  return (
    <div className="pm-Chooser">
      <label>
        {trans.__('Sample')}{' '}
        <input
          type="search"
          className="jp-mod-styled"
          value={sample}
          onChange={event => {
            setSample(event.target.value);
          }}
        />
      </label>
      {found === null ? (
        <p className="pm-Hint">{trans.__('Reading…')}</p>
      ) : fitting.length === 0 ? (
        <p className="pm-Hint" role="status">
          {module === null
            ? trans.__('No completed run made what "%1" takes.', input.name)
            : trans.__('No completed run of module %1 made what "%2" takes.', module, input.name)}
        </p>
      ) : (
        <ul className="pm-List" aria-label={trans.__('Completed runs, newest first')}>
          {fitting.map(({ run, outputs }) => (
            <li key={run.run_id} className="pm-Item">
              <span>
                {trans.__('run %1', run.run_id)} · {run.method} v{run.version}
                {run.sample === null ? '' : ` · ${run.sample}`} · <Ago time={run.started_at} />
              </span>
              <span className="pm-Item-actions">
                {outputs.map(output => (
                  <button
                    key={output.name}
                    type="button"
                    className="jp-mod-styled"
                    aria-label={trans.__('Use %1 of run %2', output.name, run.run_id)}
                    onClick={() => {
                      onChoose(run, output.name);
                    }}
                  >
                    {trans.__('Use %1', output.name)}
                  </button>
                ))}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What a run's version declares; where that version is not here yet, what the latest does. */
function outputsOf(run: Run, catalogue: ICatalogue): readonly IOutput[] {
  catalogue.ensure(run.method, run.version);
  const version =
    catalogue.resolve(run.method, run.version) ?? catalogue.resolve(run.method, 'latest');
  return version?.declaration.outputs ?? [];
}
