/** Stop a run that goes on. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import React from 'react';

import { cancelPlan, getPlan } from '../api/plans';
import type { RunDetails } from '../api/runs';
import type { IHere } from '../screen/here';
import { useHere } from '../screen/here';
import { Action, Trouble } from '../screen/parts';

type Going = Pick<RunDetails, 'run_id' | 'status' | 'plan_id' | 'plan_name'>;

/** A button where the run can be stopped from here; nothing where it cannot. */
export function Stop({ run }: { run: Going }): React.JSX.Element | null {
  const here = useHere();
  const { trans } = here;
  const [asked, setAsked] = React.useState(false);
  const [error, setError] = React.useState<unknown>(null);
  if (run.status !== 'running' || run.plan_id === null) {
    return null;
  }
  return (
    <>
      <Action
        label={asked ? trans.__('Stopping…') : trans.__('Stop')}
        disabled={asked}
        danger
        onClick={() => {
          setError(null);
          setAsked(true);
          stop(run, here).then(setAsked, (trouble: unknown) => {
            setAsked(false);
            setError(trouble);
          });
        }}
      />
      {error !== null && <Trouble error={error} />}
    </>
  );
}

/** Cancel the plan of a run, which is of this run alone or was asked about; whether it was. */
async function stop(run: Going, { api, trans }: IHere): Promise<boolean> {
  const plan = run.plan_id ?? 0;
  const { kind } = await getPlan(api, plan);
  if (kind !== 'run') {
    const answer = await showDialog({
      title: trans.__('Cancel plan %1?', plan),
      body: trans.__(
        'Run %1 is one of the runs of plan %2 “%3”, which are cancelled together. What is completed stays.',
        run.run_id,
        plan,
        run.plan_name ?? ''
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Go on') }),
        Dialog.warnButton({ label: trans.__('Cancel the plan') })
      ]
    });
    if (!answer.button.accept) {
      return false;
    }
  }
  await cancelPlan(api, plan);
  return true;
}
