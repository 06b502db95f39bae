/** A plan below its tab: its head, and its runs as tree, table or timeline. */

import React from 'react';

import { retryPlan } from '../api/plans';
import { ChosenRuns } from '../screen/chosen';
import type { IChosen } from '../screen/choosing';
import { NONE, still } from '../screen/choosing';
import { useHere, useTab } from '../screen/here';
import { Choice } from '../screen/parts';
import { ACTIVE, againText, takeBack } from './actions';
import { PlanHead } from './head';
import type { ILooking, View } from './look';
import { ALL, endedOf, filtered, runsOf, topOf } from './rows';
import { useSaid } from './said';
import { PlanTable } from './table';
import { PlanTimeline } from './timeline';
import type { Again } from './tree';
import { PlanTree } from './tree';
import type { IPlanNow } from './watch';

interface IProps {
  now: IPlanNow;
  looking: ILooking;
  refresh: () => Promise<void>;
}

export function PlanBody({ now, looking, refresh }: IProps): React.JSX.Element {
  const here = useHere();
  const { api, commands, trans } = here;
  const { look, turn, scrolled } = looking;
  const { rows, status } = now;
  const { view } = look;
  const active = ACTIVE.has(status.status);
  const said = useSaid(status, refresh);
  const tab = useTab();
  const [wanted, setChosen] = React.useState<IChosen>(NONE);
  // After a retry a row has another run: nobody has chosen that one.
  const chosen = React.useMemo(() => still(wanted, runsOf(rows)), [wanted, rows]);
  const hidden = React.useMemo(
    () =>
      view === 'table'
        ? chosen.runs.size - still(chosen, runsOf(filtered(rows, look.filter))).runs.size
        : 0,
    [view, chosen, rows, look.filter]
  );
  const select = React.useCallback((run: number | null) => tab?.select(run), [tab]);
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
    const runs = runsOf(first);
    if (what === 'back') {
      return await takeBack(here, plan, { run_ids: runs });
    }
    // In one request: the first of several would start the launch that refuses the others.
    return runs.length === 0
      ? againText({ runs: 0, queued: false }, here)
      : againText(await retryPlan(api, plan, { run_ids: runs, again }), here);
  };
  const shared = {
    plan: status.plan_id,
    rows,
    chosen,
    onChoose: setChosen,
    onSelect: select,
    top: look.top[view] ?? 0,
    onTop: (row: number): void => {
      scrolled(view, row);
    }
  };
  return (
    <>
      <PlanHead
        now={now}
        said={said}
        showFailed={() => {
          turn({ view: 'table', filter: { ...ALL, state: 'failed' } });
        }}
      />
      <div className="pm-Bar pm-Log-bar">
        <Choice<View>
          label={trans.__('View')}
          value={view}
          options={[
            ['tree', trans.__('Tree')],
            ['table', trans.__('Table')],
            ['timeline', trans.__('Timeline')]
          ]}
          onChange={to => {
            turn({ view: to });
          }}
        />
        <ChosenRuns
          runs={chosen.runs}
          hidden={hidden}
          none={() => {
            setChosen(NONE);
          }}
          commands={commands}
          trans={trans}
        />
      </div>
      {rows.length === 0 ? (
        <p className="pm-Screen-empty">
          {status.status === 'draft'
            ? trans.__('This is a draft: its runs appear here when it is submitted.')
            : trans.__('This plan has no runs.')}
        </p>
      ) : view === 'tree' ? (
        <PlanTree
          {...shared}
          active={active}
          folded={look.folded}
          onFold={folded => {
            turn({ folded });
          }}
          {...(status.status === 'draft' || status.kind === 'run'
            ? {}
            : {
                again: (...asked) => {
                  said.act(() => askAgain(...asked));
                }
              })}
        />
      ) : view === 'table' ? (
        <PlanTable
          {...shared}
          filter={look.filter}
          onFilter={filter => {
            turn({ filter });
          }}
          sort={look.sort}
          onSort={sort => {
            turn({ sort });
          }}
        />
      ) : (
        <PlanTimeline {...shared} />
      )}
    </>
  );
}
