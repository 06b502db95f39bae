/** The runs of one step of a viewed plan, what needs attention first; each leads to its run and log. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IMark } from '../api/marks';
import type { PlannedRun } from '../api/plans';
import { plannedRuns } from '../api/plans';
import { CommandIDs } from '../commands';
import { explained } from '../explain/explanation';
import { MarkLabel, markOf } from '../marks/mark';
import { useAsked } from '../screen/asked';
import { Breaking } from '../screen/parts';
import { lastLine, secondsBetween, took } from '../screen/words';
import type { IApi, IPipelineModel } from '../tokens';

/** More are not listed: the plan's own tab is made for thousands. */
const LISTED = 200;

/** What a person looks for first. */
const ORDER = ['failed', 'running', 'blocked', 'cancelled', 'waiting', 'completed', 'reused'];

/** What is asked for where not all can be listed, and where there is too much of that as well. */
const URGENT = [ORDER.slice(0, 4), ORDER.slice(0, 1)];

export interface IStepRunsProps {
  api: IApi;
  model: IPipelineModel;
  step: string;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

interface IFound {
  readonly rows: readonly PlannedRun[];
  readonly total: number;
  readonly marks: readonly IMark[];
}

export function StepRuns(props: IStepRunsProps): React.JSX.Element | null {
  const { model, step } = props;
  const plan = model.viewing?.plan.plan_id;
  // Of another plan or step nothing is shown, not even until the answer is there.
  return plan === undefined ? null : <Listed key={`${plan} ${step}`} {...props} plan={plan} />;
}

function Listed(props: IStepRunsProps & { plan: number }): React.JSX.Element {
  const { api, model, step, commands, trans, plan } = props;
  const asked = useAsked(
    React.useCallback(async (): Promise<IFound> => {
      const [found, status] = await Promise.all([runsOf(api, plan, step), api.status(true)]);
      return { ...found, marks: status.marks.run };
    }, [api, plan, step])
  );
  React.useEffect(() => {
    const look = (): void => void asked.refresh();
    model.statesChanged.connect(look);
    return () => {
      model.statesChanged.disconnect(look);
    };
  }, [model, asked]);
  const { state } = asked;
  if (state.kind !== 'ready') {
    return (
      <p className="pm-Hint" role="status">
        {state.kind === 'loading' ? trans.__('Reading…') : explained(state.error, trans).title}
      </p>
    );
  }
  const { rows, total, marks } = state.value;
  return (
    <>
      {state.trouble !== null && (
        <p className="pm-Hint" role="status">
          {explained(state.trouble, trans).title}
        </p>
      )}
      <ul className="pm-List pm-StepRuns" aria-label={trans.__('Runs of %1', step)}>
        {rows.map(row => (
          <Row key={row.planned_id} {...{ row, marks, commands, trans }} />
        ))}
      </ul>
      {total > rows.length && (
        <button
          type="button"
          className="pm-TextButton"
          onClick={() => {
            void commands.execute(CommandIDs.openPlan, { plan });
          }}
        >
          {trans.__('%1 more: open plan %2', total - rows.length, plan)}
        </button>
      )}
    </>
  );
}

/**
 * The runs of a step, as many as are listed: of more than those the ones that need attention, which
 * may stand anywhere in the order of the plan.
 */
export async function runsOf(
  api: IApi,
  plan: number,
  step: string
): Promise<{ rows: readonly PlannedRun[]; total: number }> {
  const first = await plannedRuns(api, plan, { step: [step], limit: LISTED });
  const found = new Map(first.planned_runs.map(row => [row.planned_id, row]));
  let { total } = first;
  for (const state of URGENT) {
    if (total <= LISTED) {
      break;
    }
    const page = await plannedRuns(api, plan, { step: [step], state, limit: LISTED });
    for (const row of page.planned_runs) {
      found.set(row.planned_id, row);
    }
    ({ total } = page);
  }
  const rows = [...found.values()].sort((a, b) => placeOf(a.state) - placeOf(b.state));
  return { rows: rows.slice(0, LISTED), total: first.total };
}

interface IRowProps {
  row: PlannedRun;
  marks: readonly IMark[];
  commands: CommandRegistry;
  trans: TranslationBundle;
}

function Row({ row, marks, commands, trans }: IRowProps): React.JSX.Element {
  const { run_id: run, state, error, started_at: started, finished_at: finished } = row;
  const where = [row.sample, row.branch].filter(part => part !== null && part !== '').join(' · ');
  const isFresh = started !== null && state !== 'reused';
  return (
    <li className="pm-StepRun" data-pm-state={state}>
      <div className="pm-StepRun-head">
        <MarkLabel mark={markOf([...marks], state)} />
        <span className="pm-StepRun-where">
          <Breaking text={where} />
        </span>
        {isFresh && (
          <span className="pm-StepRun-time">{took(secondsBetween(started, finished), trans)}</span>
        )}
      </div>
      {state === 'failed' && error !== null && (
        <p className="pm-StepRun-error">{lastLine(error)}</p>
      )}
      {run !== null && (
        <div className="pm-StepRun-actions">
          {BUTTONS.filter(each => commands.hasCommand(each.command)).map(
            ({ command, said, all }) => (
              <button
                key={command}
                type="button"
                className="pm-TextButton"
                aria-label={all(trans, run)}
                onClick={() => {
                  void commands.execute(command, { run });
                }}
              >
                {said(trans, run)}
              </button>
            )
          )}
        </div>
      )}
    </li>
  );
}

interface IButton {
  readonly command: string;
  readonly said: (trans: TranslationBundle, run: number) => string;
  readonly all: (trans: TranslationBundle, run: number) => string;
}

const BUTTONS: readonly IButton[] = [
  {
    command: CommandIDs.openRun,
    said: (trans, run) => trans.__('run %1', run),
    all: (trans, run) => trans.__('Open run %1', run)
  },
  {
    command: CommandIDs.openLog,
    said: trans => trans.__('Log'),
    all: (trans, run) => trans.__('Log of run %1', run)
  },
  {
    command: CommandIDs.openLineage,
    said: trans => trans.__('Lineage'),
    all: (trans, run) => trans.__('Lineage of run %1', run)
  }
];

/** Open the log of the first run of a step that failed; without one, nothing. */
export async function openFailure(
  api: IApi,
  commands: CommandRegistry,
  plan: number,
  step: string
): Promise<void> {
  const page = await plannedRuns(api, plan, { step: [step], state: ['failed'], limit: 1 });
  const run = page.planned_runs[0]?.run_id ?? null;
  if (run !== null) {
    await commands.execute(CommandIDs.openLog, { run });
  }
}

function placeOf(state: string): number {
  const place = ORDER.indexOf(state);
  return place < 0 ? ORDER.length : place;
}
