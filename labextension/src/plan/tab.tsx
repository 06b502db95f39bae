/** The tab of a plan. */

import React from 'react';

import { retryPlan } from '../api/plans';
import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import { useModel } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Choice, Trouble } from '../screen/parts';
import { ACTIVE, againText, takeBack } from './actions';
import { PlanHead } from './head';
import type { IFilter } from './rows';
import { ALL, endedOf, topOf } from './rows';
import { PlanTable } from './table';
import { PlanTimeline } from './timeline';
import type { Again } from './tree';
import { PlanTree } from './tree';
import type { IPlanNow } from './watch';
import { PlanWatch } from './watch';

export interface IPlanArgs {
  plan: number;
  /** Show only this step. */
  step: string;
  [name: string]: number | string;
}

export default function PlanTab({ args, tab }: { args: IPlanArgs; tab: ITab }): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const watch = React.useMemo(() => new PlanWatch(here, args.plan), [here, args.plan]);
  useModel(watch);
  React.useEffect(() => {
    void watch.refresh();
    return () => {
      watch.dispose();
    };
  }, [watch]);
  useChanges(watch.fits, watch.look);
  const { state } = watch;
  const name = state.kind === 'ready' ? state.value.status.name : '';
  React.useEffect(() => {
    if (name !== '') {
      tab.setTitle(trans.__('Plan %1 · %2', args.plan, name));
    }
  }, [tab, args.plan, name, trans]);
  if (state.kind === 'loading') {
    return (
      <p className="pm-Screen-loading" role="status">
        {trans.__('Loading plan %1…', args.plan)}
      </p>
    );
  }
  if (state.kind === 'failed') {
    return (
      <ExplanationPanel
        explanation={explained(state.error, trans)}
        trans={trans}
        retry={() => void watch.refresh()}
      />
    );
  }
  return (
    <div className="pm-Plan">
      {state.trouble !== null && (
        <Trouble error={state.trouble} again={() => void watch.refresh()} />
      )}
      <Body now={state.value} step={args.step} refresh={watch.refresh} />
    </div>
  );
}

type View = 'tree' | 'table' | 'timeline';

interface IBodyProps {
  now: IPlanNow;
  step: string;
  refresh: () => Promise<void>;
}

function Body({ now, step, refresh }: IBodyProps): React.JSX.Element {
  const here = useHere();
  const { api, trans } = here;
  const [view, setView] = React.useState<View>(step === '' ? 'tree' : 'table');
  const [filter, setFilter] = React.useState<IFilter>(step === '' ? ALL : { ...ALL, step });
  const [said, setSaid] = React.useState('');
  const [error, setError] = React.useState<unknown>(null);
  const { rows, status } = now;
  const active = ACTIVE.has(status.status);
  const again: Again = (what, sample, branch, group) => {
    setError(null);
    setSaid('');
    askAgain(what, sample, branch, group)
      .then(setSaid, setError)
      .finally(() => void refresh());
  };
  const askAgain: (...asked: Parameters<Again>) => Promise<string> = async (
    what,
    sample,
    branch,
    group
  ) => {
    const again = what === 'again';
    const { plan_id: plan } = status;
    if (branch === null && sample !== null) {
      return what === 'back'
        ? await takeBack(here, plan, { sample })
        : againText(await retryPlan(api, plan, { sample, again }), here);
    }
    // A branch is run again from its first runs on; what has not run yet runs anyway.
    const first =
      what === 'back'
        ? group.filter(each => each.again_by !== null)
        : again
          ? topOf(active ? endedOf(group) : group)
          : group.filter(each => each.state === 'failed');
    const runs = first.flatMap(({ run_id: run }) => (run === null ? [] : [run]));
    if (what === 'back') {
      return await takeBack(here, plan, { run_ids: runs });
    }
    // In one request: the first of several would start the launch that refuses the others.
    return runs.length === 0
      ? againText({ runs: 0, queued: false }, here)
      : againText(await retryPlan(api, plan, { run_ids: runs, again }), here);
  };
  return (
    <>
      <PlanHead
        now={now}
        refresh={refresh}
        showFailed={() => {
          setFilter({ ...ALL, state: 'failed' });
          setView('table');
        }}
      />
      <div className="pm-Bar pm-Log-bar">
        <Choice
          label={trans.__('View')}
          value={view}
          options={[
            ['tree', trans.__('Tree')],
            ['table', trans.__('Table')],
            ['timeline', trans.__('Timeline')]
          ]}
          onChange={setView}
        />
        <span role="status">{said}</span>
      </div>
      {error !== null && <Trouble error={error} />}
      {rows.length === 0 ? (
        <p className="pm-Screen-empty">
          {status.status === 'draft'
            ? trans.__('This is a draft: its runs appear here when it is submitted.')
            : trans.__('This plan has no runs.')}
        </p>
      ) : view === 'tree' ? (
        <PlanTree
          plan={status.plan_id}
          rows={rows}
          active={active}
          {...(status.status === 'draft' ? {} : { again })}
        />
      ) : view === 'table' ? (
        <PlanTable plan={status.plan_id} rows={rows} filter={filter} onFilter={setFilter} />
      ) : (
        <PlanTimeline plan={status.plan_id} rows={rows} />
      )}
    </>
  );
}
