/** Stop a run that goes on. */

import React from 'react';

import type { RunDetails } from '../api/runs';
import { cancel } from '../plan/actions';
import { useHere } from '../screen/here';
import { Action, Trouble } from '../screen/parts';

type Going = Pick<RunDetails, 'run_id' | 'status' | 'plan_id'>;

/** A button where the run can be stopped from here; nothing where it cannot. */
export function Stop({ run }: { run: Going }): React.JSX.Element | null {
  const here = useHere();
  const { trans } = here;
  const [asked, setAsked] = React.useState(false);
  const [error, setError] = React.useState<unknown>(null);
  const { plan_id: plan } = run;
  if (run.status !== 'running' || plan === null) {
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
          cancel(here, plan, run.run_id).then(
            said => {
              setAsked(said !== '');
            },
            (trouble: unknown) => {
              setAsked(false);
              setError(trouble);
            }
          );
        }}
      />
      {error !== null && <Trouble error={error} />}
    </>
  );
}
