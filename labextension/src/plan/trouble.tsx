/** Why a plan as a whole is not what was hoped for: its error, and what its launches said. */

import { Time } from '@jupyterlab/coreutils';
import React from 'react';

import type { PlanTrouble } from '../api/plans';
import { getPlanTrouble } from '../api/plans';
import { useAsked } from '../screen/asked';
import { useHere } from '../screen/here';
import { CopyButton, Shown } from '../screen/parts';
import { secondsBetween, took } from '../screen/words';
import { ACTIVE } from './actions';

interface IProps {
  plan: number;
  error: string | null;
  /** Changes when there may be more to tell. */
  status: string;
}

/** The cause on top; what Nextflow and the supervisor said folds below it. */
export function PlanTroubleView({ plan, error, status }: IProps): React.JSX.Element {
  const { trans } = useHere();
  const [open, setOpen] = React.useState(false);
  const said = (
    <details
      className="pm-PlanTrouble-logs"
      onToggle={event => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary>{trans.__('What the launches of this plan said')}</summary>
      {open && <Launches key={status} plan={plan} />}
    </details>
  );
  if (error === null) {
    return said;
  }
  return (
    <section
      className="pm-Trouble pm-PlanTrouble"
      role="alert"
      aria-label={trans.__('Why the plan failed')}
    >
      <p>
        <strong>{trans.__('The plan itself failed.')}</strong>{' '}
        <span className="pm-Wrapped">{error}</span>
      </p>
      {!ACTIVE.has(status) && (
        <p>{trans.__('When that is mended, Resume runs everything that has no result yet.')}</p>
      )}
      {said}
    </section>
  );
}

function Launches({ plan }: { plan: number }): React.JSX.Element {
  const { api, trans } = useHere();
  const asked = useAsked(React.useCallback(() => getPlanTrouble(api, plan), [api, plan]));
  return (
    <Shown asked={asked} loading={trans.__('Reading the logs of plan %1…', plan)}>
      {trouble => (
        <>
          {trouble.launches.length === 0 && (
            <p>{trans.__('No launch has begun yet, or its logs are on another machine.')}</p>
          )}
          {trouble.launches.map(launch => (
            <Launch key={launch.launch_id} launch={launch} />
          ))}
          <Log title={trans.__('The supervisor of the plan')} text={trouble.supervisor_log} />
        </>
      )}
    </Shown>
  );
}

function Launch({ launch }: { launch: PlanTrouble['launches'][number] }): React.JSX.Element {
  const { trans } = useHere();
  const { number, started_at: started, finished_at: finished, exit_code: code, error } = launch;
  const about = [
    trans._n('%1 task', '%1 tasks', launch.tasks),
    finished === null ? trans.__('not ended') : took(secondsBetween(started, finished), trans),
    code === null ? '' : trans.__('exit code %1', code)
  ].filter(text => text !== '');
  return (
    <section className="pm-Launch">
      <h4>
        {trans.__('Launch %1', number)}{' '}
        <span className="pm-Muted">
          <time dateTime={started}>{Time.format(started)}</time> · {about.join(' · ')}
        </span>
      </h4>
      {error !== null && <p className="pm-Wrapped">{error}</p>}
      <Log title={trans.__('What Nextflow printed')} text={launch.output} />
      <Log title={trans.__("Nextflow's own log")} text={launch.log} />
    </section>
  );
}

/** The end of a log, in full view where it is short. */
function Log({ title, text }: { title: string; text: string }): React.JSX.Element | null {
  if (text.trim() === '') {
    return null;
  }
  return (
    <figure className="pm-Launch-log">
      <figcaption>
        {title} <CopyButton text={text} />
      </figcaption>
      <pre tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </figure>
  );
}
