import { expect, it } from 'vitest';

import { Api } from '../src/api/api';
import type { Plan } from '../src/api/plans';
import type { INews } from '../src/notify/active';
import { ActivePlans } from '../src/notify/active';
import { PLAN, server } from './server';

/** The plans at work; `all` is how each of them is now. */
function plansOf(all: Plan[]): { active: ActivePlans; news: string[] } {
  const { settings } = server({
    '/base/pm/api/plans': () => ({
      body: { plans: all.filter(plan => plan.status === 'running'), before: null }
    }),
    ...Object.fromEntries(
      all.map(plan => [
        `/base/pm/api/plans/${plan.plan_id}/status`,
        () => ({ body: all.find(each => each.plan_id === plan.plan_id) })
      ])
    )
  });
  const active = new ActivePlans(new Api(settings));
  const news: string[] = [];
  active.news.connect((_, { kind, plan }: INews) => news.push(`${kind} ${plan.plan_id}`));
  return { active, news };
}

it('a plan that ends before anybody looks is told all the same, a single run is not', async () => {
  const done = { ...PLAN, status: 'completed' as const };
  const { active, news } = plansOf([done, { ...done, plan_id: 13, kind: 'run' }]);
  await active.refresh();
  active.expect(12);
  active.expect(13);
  await active.refresh();
  await active.refresh();
  expect(news).toEqual(['ended 12']);
});

it('a plan that is submitted is told as started once, and then how far it is', async () => {
  const plans: Plan[] = [];
  const { active, news } = plansOf(plans);
  await active.refresh();
  plans.push({ ...PLAN, status: 'running' });
  active.expect(12);
  await active.refresh();
  active.expect(12);
  await active.refresh();
  expect(news).toEqual(['started 12', 'moved 12']);
});
