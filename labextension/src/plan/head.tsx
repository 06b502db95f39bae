/** The head of a plan: how far it is, what failed, and what can be done. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import React from 'react';

import type { PlannedRun } from '../api/plans';
import { cancelPlan, resumePlan, retryPlan } from '../api/plans';
import { CommandIDs } from '../commands';
import { CountsBar } from '../marks/bar';
import { MarkLabel, markOf } from '../marks/mark';
import type { IHere } from '../screen/here';
import { useHere } from '../screen/here';
import { Action, Ago, CommandLink, RunLink, Trouble } from '../screen/parts';
import { secondsBetween, took } from '../screen/words';
import { lastLine, suspects } from './rows';
import type { IPlanNow } from './watch';

interface IProps {
  now: IPlanNow;
  refresh: () => Promise<void>;
  /** Show only the failed ones. */
  showFailed: () => void;
}

const ACTIVE = new Set(['submitted', 'running']);
const ENDED_SHORT = new Set(['partial', 'failed', 'cancelled']);

export function PlanHead({ now, refresh, showFailed }: IProps): React.JSX.Element {
  const here = useHere();
  const { api, commands, marks, trans } = here;
  const { plan, status, rows } = now;
  const [busy, setBusy] = React.useState(false);
  const [said, setSaid] = React.useState('');
  const [error, setError] = React.useState<unknown>(null);
  const active = ACTIVE.has(status.status);
  const failed = status.counts['failed'] ?? 0;
  const act = (work: () => Promise<string>): void => {
    setBusy(true);
    setError(null);
    setSaid('');
    work()
      .then(setSaid, setError)
      .finally(() => {
        setBusy(false);
        void refresh();
      });
  };
  const id = status.plan_id;
  return (
    <header className="pm-Head pm-PlanHead">
      <h2>
        {status.name} <span className="pm-Table-id">{trans.__('plan %1', id)}</span>
      </h2>
      <p className="pm-Bar">
        <MarkLabel mark={markOf(marks.plan, status.status)} />
        <CountsBar counts={status.counts} marks={marks.run} trans={trans} />
        <span className="pm-Muted">
          {status.created_by} · <Ago time={status.submitted_at ?? status.created_at} />
          {status.submitted_at !== null &&
            status.finished_at !== null &&
            ` · ${took(secondsBetween(status.submitted_at, status.finished_at), trans)}`}
        </span>
      </p>
      {status.notes !== '' && <p className="pm-PlanHead-notes">{status.notes}</p>}
      <div className="pm-Bar" role="group" aria-label={trans.__('What to do with this plan')}>
        {active && (
          <Action
            label={trans.__('Cancel')}
            danger
            disabled={busy}
            onClick={() => {
              act(() => cancelled(here, id, status.counts['running'] ?? 0));
            }}
          />
        )}
        {ENDED_SHORT.has(status.status) && (
          <Action
            label={trans.__('Resume')}
            title={trans.__('Run everything that has no result yet')}
            disabled={busy}
            onClick={() => {
              act(async () => {
                const { missing } = await resumePlan(api, id);
                return trans._n('%1 run goes on', '%1 runs go on', missing);
              });
            }}
          />
        )}
        {failed > 0 && (
          <Action
            label={trans.__('Retry %1 failed', failed)}
            disabled={busy}
            onClick={() => {
              act(async () => againText(await retryPlan(api, id), here));
            }}
          />
        )}
        {commands.hasCommand(OPEN_PIPELINE) && (
          <Action
            label={status.status === 'draft' ? trans.__('Open draft') : trans.__('Show on canvas')}
            onClick={() => void commands.execute(OPEN_PIPELINE, { plan: id })}
          />
        )}
        <span role="status">{busy ? trans.__('Asking…') : said}</span>
      </div>
      {error !== null && <Trouble error={error} />}
      {plan.error !== null && (
        <div className="pm-Trouble" role="alert">
          <span>
            <strong>{trans.__('The plan itself failed.')}</strong>{' '}
            <span className="pm-Wrapped">{plan.error}</span>
          </span>
        </div>
      )}
      {failed > 0 && (
        <Failures rows={rows} blocked={status.counts['blocked'] ?? 0} showAll={showFailed} />
      )}
    </header>
  );
}

const OPEN_PIPELINE = 'pm:open-pipeline';

export function againText(answer: { runs: number; queued: boolean }, here: IHere): string {
  const { trans } = here;
  const runs = trans._n('%1 run runs again', '%1 runs run again', answer.runs);
  return answer.queued
    ? trans.__('%1, after the launch that runs now', runs)
    : trans.__('%1', runs);
}

async function cancelled(here: IHere, plan: number, running: number): Promise<string> {
  const { api, trans } = here;
  const { button } = await showDialog({
    title: trans.__('Cancel plan %1?', plan),
    body:
      running === 0
        ? trans.__('What has ended stays; nothing more is started. It can be resumed.')
        : trans._n(
            '%1 run is ended, what it has done is lost. What has ended stays; it can be resumed.',
            '%1 runs are ended, what they have done is lost. What has ended stays; it can be resumed.',
            running
          ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Let it run') }),
      Dialog.warnButton({ label: trans.__('Cancel the plan') })
    ]
  });
  if (!button.accept) {
    return '';
  }
  await cancelPlan(api, plan);
  return trans.__('Cancelled.');
}

/** Failures named at once; the others are one click away. */
const NAMED = 5;

interface IFailuresProps {
  rows: readonly PlannedRun[];
  blocked: number;
  showAll: () => void;
}

function Failures({ rows, blocked, showAll }: IFailuresProps): React.JSX.Element {
  const { trans } = useHere();
  const failed = rows.filter(row => row.state === 'failed');
  return (
    <section className="pm-Failures" aria-label={trans.__('What failed')}>
      <ul>
        {failed.slice(0, NAMED).map(row => (
          <li key={row.planned_id}>
            {row.run_id === null ? row.step : <RunLink run={row.run_id} method={row.step} />}{' '}
            <span className="pm-Muted">
              {[row.sample ?? '', row.branch].filter(word => word !== '').join(' · ')}
            </span>
            {': '}
            <code>{lastLine(row.error ?? trans.__('no error was recorded'))}</code>{' '}
            {row.run_id !== null && (
              <CommandLink
                command={CommandIDs.openLog}
                args={{ run: row.run_id }}
                address={`log-${row.run_id}`}
                label={trans.__('Traceback of run %1', row.run_id)}
              >
                {trans.__('Traceback')}
              </CommandLink>
            )}
            {suspects(row, rows).map(text => (
              <div key={text} className="pm-Muted">
                {trans.__('Unlike those that succeeded: %1', text)}
              </div>
            ))}
          </li>
        ))}
      </ul>
      <p className="pm-Bar">
        {failed.length > NAMED && trans.__('and %1 more failed', failed.length - NAMED)}
        {blocked > 0 &&
          trans._n('%1 was not run because of that', '%1 were not run because of that', blocked)}
        <Action label={trans.__('Show failed in the table')} onClick={showAll} />
      </p>
    </section>
  );
}
