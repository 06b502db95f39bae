/** The head of a run: what it is, how it ended, and what can be done with it. */

import { Clipboard } from '@jupyterlab/apputils';
import React from 'react';

import { zipUrl } from '../api/files';
import type { RunDetails } from '../api/runs';
import { CommandIDs } from '../commands';
import { againText, runAgain } from '../plan/actions';
import { Ago } from '../screen/ago';
import { useHere } from '../screen/here';
import { Action, Breaking, PlanLink, RunState, Trouble } from '../screen/parts';
import { secondsBetween, took } from '../screen/words';
import { Stop } from './stop';

/** "Run 47 · label_positive v2 · field_03". */
export function runTitle(
  run: Pick<RunDetails, 'run_id' | 'method' | 'version' | 'sample' | 'branch'>,
  trans: ReturnType<typeof useHere>['trans']
): string {
  const parts = [trans.__('Run %1', run.run_id), `${run.method} v${run.version}`];
  return [...parts, run.sample ?? '', run.branch].filter(part => part !== '').join(' · ');
}

interface IProps {
  run: RunDetails;
  /** Where the run is shown beside its lineage, it needs no link there. */
  lineage?: boolean;
}

export function Head({ run, lineage = true }: IProps): React.JSX.Element {
  const here = useHere();
  const { api, commands, trans } = here;
  const [error, setError] = React.useState<unknown>(null);
  const [said, setSaid] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const { plan_id: plan } = run;
  const seconds = secondsBetween(run.started_at, run.finished_at);
  const ended = run.status !== 'running';
  const retry = (plan: number): void => {
    setError(null);
    setSaid('');
    setBusy(true);
    runAgain(here, run, plan)
      .then(answer => {
        if (answer !== null) {
          setSaid(againText(answer, here));
        }
      }, setError)
      .finally(() => {
        setBusy(false);
      });
  };
  return (
    <header className="pm-Head">
      <h2>
        <Breaking text={runTitle(run, trans)} />
      </h2>
      <p className="pm-Bar">
        <RunState run={run} />
        <span className="pm-Muted">
          <Ago time={run.finished_at ?? run.started_at} />
          {ended && ` · ${took(seconds, trans)}`}
        </span>
        {run.plan_id !== null && (
          <PlanLink
            plan={run.plan_id}
            name={`${trans.__('plan %1', run.plan_id)}${run.plan_name === null ? '' : ` · ${run.plan_name}`}`}
          />
        )}
      </p>
      {run.notices.map(notice => (
        <p key={notice} className="pm-Notice">
          {notice}
        </p>
      ))}
      <div className="pm-Bar" role="group" aria-label={trans.__('What to do with this run')}>
        {lineage && (
          <Action
            label={trans.__('Lineage')}
            title={trans.__('How it was made, and what was made of it')}
            onClick={() => void commands.execute(CommandIDs.openLineage, { run: run.run_id })}
          />
        )}
        <Action
          label={trans.__('Log')}
          onClick={() => void commands.execute(CommandIDs.openLog, { run: run.run_id })}
        />
        {commands.hasCommand(CommandIDs.compare) && (
          <Action
            label={trans.__('Compare…')}
            onClick={() => void commands.execute(CommandIDs.compare, { runs: [run.run_id] })}
          />
        )}
        <Stop run={run} />
        {plan !== null && (run.status === 'failed' || run.status === 'cancelled') && (
          <Action
            label={trans.__('Retry')}
            disabled={busy}
            onClick={() => {
              retry(plan);
            }}
          />
        )}
        {run.error !== null && (
          <Action
            label={trans.__('Copy error')}
            onClick={() => {
              Clipboard.copyToSystem(run.error ?? '');
              setSaid(trans.__('Copied.'));
            }}
          />
        )}
        {ended && run.directory !== null && (
          <a className="pm-Button" href={zipUrl(api, run.run_id)} download>
            {trans.__('Save all as zip')}
          </a>
        )}
        <span role="status">{said}</span>
      </div>
      {error !== null && <Trouble error={error} />}
    </header>
  );
}
