/** The head of a plan: how far it is, what failed, and what can be done. */

import React from 'react';

import type { PlannedRun } from '../api/plans';
import { CommandIDs } from '../commands';
import { CountsBar } from '../marks/bar';
import { MarkLabel, markOf } from '../marks/mark';
import { Ago } from '../screen/ago';
import { useHere } from '../screen/here';
import { Action, CommandLink, RunLink, Trouble } from '../screen/parts';
import { lastLine, secondsBetween, took } from '../screen/words';
import {
  ACTIVE,
  cancel,
  copyPython,
  ENDED_SHORT,
  exportFolder,
  resume,
  retry,
  takeBack
} from './actions';
import { suspects } from './rows';
import type { ISaid } from './said';
import { PlanTroubleView } from './trouble';
import type { IPlanNow } from './watch';

interface IProps {
  now: IPlanNow;
  said: ISaid;
  /** Show only the failed ones. */
  showFailed: () => void;
}

export function PlanHead({ now, said, showFailed }: IProps): React.JSX.Element {
  const here = useHere();
  const { commands, marks, trans } = here;
  const { plan, status, rows } = now;
  const { act, busy } = said;
  const active = ACTIVE.has(status.status);
  const failed = status.counts['failed'] ?? 0;
  const id = status.plan_id;
  // What was run by itself has a form to run it by, instead of a plan to go on with.
  const [alone] = status.kind === 'run' ? rows : [];
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
              act(() => cancel(here, id));
            }}
          />
        )}
        {alone === undefined && ENDED_SHORT.has(status.status) && (
          <Action
            label={trans.__('Resume')}
            title={trans.__('Run everything that has no result yet')}
            disabled={busy}
            onClick={() => {
              act(() => resume(here, id));
            }}
          />
        )}
        {alone === undefined && failed > 0 && (
          <Action
            label={trans.__('Retry %1 failed', failed)}
            disabled={busy}
            onClick={() => {
              act(() => retry(here, id));
            }}
          />
        )}
        {alone !== undefined && !active && commands.hasCommand(CommandIDs.runStep) && (
          <Action
            label={trans.__('Run again…')}
            title={trans.__('Open the form of %1, to run it once more', alone.method)}
            onClick={() => {
              const { method, version } = alone;
              void commands.execute(CommandIDs.runStep, { method, version });
            }}
          />
        )}
        {commands.hasCommand(OPEN_PIPELINE) && (
          <Action
            label={status.status === 'draft' ? trans.__('Open draft') : trans.__('Show on canvas')}
            onClick={() => {
              // A draft is gone on with; what was submitted is looked at, with the states of its runs.
              void commands.execute(
                OPEN_PIPELINE,
                status.status === 'draft' ? { draft: id } : { viewing: id }
              );
            }}
          />
        )}
        {status.kind === 'plan' && (
          <>
            <Action
              label={trans.__('Copy as Python')}
              title={trans.__('Copy the Python that builds this plan')}
              disabled={busy}
              onClick={() => {
                act(() => copyPython(here, id));
              }}
            />
            <Action
              label={trans.__('Export for Nextflow')}
              title={trans.__('Save this plan as a folder that plain Nextflow runs')}
              disabled={busy}
              onClick={() => {
                act(() => exportFolder(here, id));
              }}
            />
          </>
        )}
        <span role="status">{busy ? trans.__('Asking…') : said.text}</span>
      </div>
      {said.error !== null && <Trouble error={said.error} />}
      {status.again > 0 && (
        <p className="pm-Bar">
          <span>
            {active
              ? trans._n(
                  '%1 run runs again when the launch that runs now has ended.',
                  '%1 runs run again when the launch that runs now has ended.',
                  status.again
                )
              : trans._n(
                  '%1 run was to run again; Resume does it.',
                  '%1 runs were to run again; Resume does it.',
                  status.again
                )}
          </span>
          <Action
            label={trans.__('Take back')}
            title={trans.__('Leave them as they are')}
            disabled={busy}
            onClick={() => {
              act(() => takeBack(here, id));
            }}
          />
        </p>
      )}
      {status.status !== 'draft' && (
        <PlanTroubleView plan={id} error={plan.error} status={status.status} />
      )}
      {failed > 0 && (
        <Failures rows={rows} blocked={status.counts['blocked'] ?? 0} showAll={showFailed} />
      )}
    </header>
  );
}

const OPEN_PIPELINE = 'pm:open-pipeline';

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
