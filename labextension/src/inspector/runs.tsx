/** Completed runs that could feed an input, to choose one of. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IInput } from '../api/methods';
import type { Run } from '../api/runs';
import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import type { ICatalogue } from '../pipeline/catalogue';
import type { IFound } from '../pipeline/fitting';
import { fittingRuns } from '../pipeline/fitting';
import { Ago } from '../screen/ago';
import type { IApi } from '../tokens';

interface IProps {
  api: IApi;
  catalogue: ICatalogue;
  input: IInput;
  onChoose: (run: Run, output: string) => void;
  trans: TranslationBundle;
}

type Found = (IFound & { readonly sample: string }) | { error: unknown } | null;

export function RunChooser({ api, catalogue, input, onChoose, trans }: IProps): React.JSX.Element {
  const [sample, setSample] = React.useState('');
  const [found, setFound] = React.useState<Found>(null);
  const [round, setRound] = React.useState(0);
  const [older, setOlder] = React.useState(false);
  const name = sample.trim();
  const asked = React.useRef(0);
  const look = React.useCallback(
    (known: IFound | null) => {
      const turn = ++asked.current;
      void fittingRuns(api, catalogue, input, trans, {
        sample: name,
        before: known?.before ?? null
      })
        .then(
          page => ({
            ...page,
            sample: name,
            fitting: [...(known?.fitting ?? []), ...page.fitting],
            lookedAt: (known?.lookedAt ?? 0) + page.lookedAt
          }),
          (error: unknown) => ({ error })
        )
        .then(answer => {
          // Something else was asked for meanwhile, or nobody looks any more.
          if (turn === asked.current) {
            setFound(answer);
            setOlder(false);
          }
        });
    },
    [api, catalogue, input, name, trans]
  );
  React.useEffect(() => {
    const turns = asked;
    look(null);
    return () => {
      turns.current++;
    };
  }, [look, round]);
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
  const fitting = found?.fitting ?? [];
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
          {nothingText(found, input, found.sample, trans)}
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
      {found !== null && found.before !== null && (
        <p>
          <button
            type="button"
            className="jp-mod-styled"
            disabled={older}
            onClick={() => {
              setOlder(true);
              look(found);
            }}
          >
            {older ? trans.__('Reading…') : trans.__('Older runs')}
          </button>
        </p>
      )}
    </div>
  );
}

/** That nothing was found, and where: of more runs than were looked at nothing is claimed. */
function nothingText(
  found: IFound,
  { module, name }: IInput,
  sample: string,
  trans: TranslationBundle
): string {
  // So many were looked at of those that are asked for.
  const which =
    module !== null && sample !== ''
      ? trans.__('completed runs of module %1 and sample "%2"', module, sample)
      : module !== null
        ? trans.__('completed runs of module %1', module)
        : sample !== ''
          ? trans.__('completed runs of sample "%1"', sample)
          : trans.__('completed runs');
  return found.before === null
    ? trans.__('Of all %1 none made what "%2" takes.', which, name)
    : trans.__('None of the newest %1 %2 made what "%3" takes.', found.lookedAt, which, name);
}
