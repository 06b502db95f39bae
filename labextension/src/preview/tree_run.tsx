/** A planned run in the run tree: what happens to it and why; unfolded, what is set for it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMark } from '../api/marks';
import type { PlannedRun } from '../api/plans';
import type { PlanTreeRun } from '../api/preview';
import { explained } from '../explain/explanation';
import { MarkLabel, markOf } from '../marks/mark';
import type { ITreeActions, ITreeProps } from './tree_row';
import { RunAgain, TreeRow } from './tree_row';

interface IRunProps extends ITreeProps {
  id: string;
  level: number;
  run: PlanTreeRun;
  /** The row that it stands under. */
  place: string;
  sample: string | null;
}

export function TreeRun(props: IRunProps): React.JSX.Element {
  const { run, place, sample, marks, actions, trans } = props;
  const [open, setOpen] = React.useState(false);
  const asked = actions.asked.has([run.key]);
  const mark = markOfRun(run, marks, trans);
  return (
    <TreeRow
      {...props}
      className="pm-Tree-run"
      open={open}
      setOpen={setOpen}
      label={run.step}
      said={mark.said}
      below={run.reason !== '' && <p className="pm-Tree-reason">{run.reason}</p>}
      inside={() => <RunValues run={run} sample={sample} actions={actions} trans={trans} />}
    >
      {tabIndex => (
        <>
          <MarkLabel mark={mark} />
          {(run.action === 'reuse' || asked) && (
            <RunAgain
              label={trans.__('Run again: %1, %2', run.step, place)}
              asked={asked}
              onChange={again => {
                actions.again([run.key], again);
              }}
              tabIndex={tabIndex}
              trans={trans}
            />
          )}
          {run.run_id !== null && actions.openRun !== undefined && (
            <button
              type="button"
              className="pm-TextButton"
              tabIndex={tabIndex}
              onClick={() => {
                if (run.run_id !== null) {
                  actions.openRun?.(run.run_id);
                }
              }}
            >
              {trans.__('Open run %1', run.run_id)}
            </button>
          )}
        </>
      )}
    </TreeRow>
  );
}

interface IValuesProps {
  run: PlanTreeRun;
  sample: string | null;
  actions: ITreeActions;
  trans: TranslationBundle;
}

/** What the plan sets for one run. */
function RunValues({ run, sample, actions, trans }: IValuesProps): React.JSX.Element {
  // Undefined, it is not read yet.
  const [found, setFound] = React.useState<PlannedRun | null>();
  const [error, setError] = React.useState<string | null>(null);
  const { runOf } = actions;
  React.useEffect(() => {
    let gone = false;
    runOf(run.key, run.step, sample).then(
      planned => {
        if (!gone) {
          setFound(planned);
        }
      },
      (reason: unknown) => {
        if (!gone) {
          setError(explained(reason, trans).title);
        }
      }
    );
    return () => {
      gone = true;
    };
  }, [run.key, run.step, sample, runOf, trans]);
  if (error !== null) {
    return <p className="pm-Fault">{error}</p>;
  }
  if (found === undefined) {
    return <p className="pm-Hint">{trans.__('Reading…')}</p>;
  }
  if (found === null) {
    return (
      <p className="pm-Hint">
        {trans.__(
          'The draft as it is stored does not have this run: it came about since. Preview the drawing again to store it.'
        )}
      </p>
    );
  }
  const values = Object.entries(found.set_params);
  return (
    <dl className="pm-Values">
      <dt>{trans.__('method')}</dt>
      <dd>{`${found.method} v${found.version}`}</dd>
      {values.map(([name, text]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>
            <code>{text}</code>
          </dd>
        </React.Fragment>
      ))}
      {values.length === 0 && (
        <>
          <dt>{trans.__('parameters')}</dt>
          <dd>{trans.__('nothing is set: what the code and its defaults say')}</dd>
        </>
      )}
    </dl>
  );
}

function markOfRun(run: PlanTreeRun, marks: readonly IMark[], trans: TranslationBundle): IMark {
  const state = { run: 'waiting', reuse: 'reused', blocked: 'blocked' }[run.action];
  const said = {
    run: trans.__('new'),
    reuse: run.run_id === null ? trans.__('reused') : trans.__('reused from run %1', run.run_id),
    blocked: trans.__('cannot run')
  }[run.action];
  return { ...markOf([...marks], state), said };
}
