/** The tab of a plan. */

import React from 'react';

import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import { useModel } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Trouble } from '../screen/parts';
import { PlanBody } from './body';
import type { IPlanArgs } from './look';
import { useLook } from './look';
import { PlanWatch } from './watch';

interface IProps {
  args: IPlanArgs;
  tab: ITab<IPlanArgs>;
}

export default function PlanTab({ args, tab }: IProps): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const watch = React.useMemo(
    () => new PlanWatch(here, args.plan, () => tab.isVisible),
    [here, args.plan, tab]
  );
  const looking = useLook(args, tab);
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
      <PlanBody now={state.value} looking={looking} refresh={watch.refresh} />
    </div>
  );
}
