import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import type { Plan } from '../src/api/plans';
import type { IStatus } from '../src/api/status';
import type { INews } from '../src/notify/active';
import { ActivePlans } from '../src/notify/active';
import { notifyPlugin } from '../src/notify/plugin';
import { Here } from '../src/screen/here';
import type { IChange } from '../src/tokens';
import type { IAnswer } from './server';
import { PLAN, REFUSAL, server, STATUS } from './server';
import { Told } from './told';

const BEGUN: IChange = {
  kind: 'plan',
  id: 12,
  status: 'submitted',
  plan: 12,
  planned: null,
  step: null
};

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
  const done: { -readonly [name in keyof Plan]: Plan[name] } = { ...PLAN, status: 'completed' };
  const { active, news } = plansOf([done, { ...done, plan_id: 13, kind: 'run' }]);
  await active.refresh();
  active.expect(12);
  active.expect(13);
  await active.refresh();
  await active.refresh();
  expect(news).toEqual(['ended 12']);

  // What is heard of it late is no other end; that it ran once more is.
  active.expect(12);
  await active.refresh();
  expect(news).toEqual(['ended 12']);
  done.finished_at = '2026-02-14T11:00:00+00:00';
  active.expect(12);
  await active.refresh();
  expect(news).toEqual(['ended 12', 'ended 12']);
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

it('a plan that is submitted before the first look succeeds is told as started, not one that ran before', async () => {
  const plans: Plan[] = [{ ...PLAN, status: 'running', plan_id: 9 }];
  let answer: IAnswer | null = { status: 503, body: REFUSAL };
  const { settings } = server({
    '/base/pm/api/plans': () => answer ?? { body: { plans, before: null } }
  });
  const active = new ActivePlans(new Api(settings));
  const news: string[] = [];
  active.news.connect((_, { kind, plan }: INews) => news.push(`${kind} ${plan.plan_id}`));
  await active.refresh();
  plans.push({ ...PLAN, status: 'running' });
  active.expect(12);
  await active.refresh();
  expect(news).toEqual([]);

  answer = null;
  await active.refresh();
  expect(news).toEqual(['started 12']);
});

it('the first plan of a page that was opened before its workspace is told, where nothing is heard as well', async () => {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
  let problem: IStatus['problem'] = REFUSAL;
  let plans: Plan[] = [];
  const { settings, requests } = server({
    '/base/pm/api/status': () => ({ body: { ...STATUS, problem } }),
    '/base/pm/api/plans': () => ({ body: { plans, before: null } }),
    '/base/pm/api/plans/12/status': { body: { ...PLAN, status: 'completed' } }
  });
  const api = new Api(settings);
  const live = new Told();
  live.mode = 'polling';
  const here = new Here(api, live, new CommandRegistry(), nullTranslator.load(''));
  const app = { restored: Promise.resolve() } as never;
  void notifyPlugin.activate(app, { here }, null, null, null);
  const asked = (): number => requests.filter(each => each.url.includes('/api/status')).length;
  await expect.poll(asked, { timeout: 60_000 }).toBe(1);
  expect(live.holders).toBe(0);

  // What the page itself submits is told at once, and then that it has ended.
  problem = null;
  plans = [{ ...PLAN, status: 'running' }];
  live.tell([BEGUN]);
  const told = (): string[] =>
    Notification.manager.notifications.map(({ message, type }) => `${type}: ${message}`);
  await expect
    .poll(told, { timeout: 60_000 })
    .toEqual(['in-progress: Plan 12 (cells) started: 20 new, 6 reused']);
  expect(live.holders).toBe(1);
  plans = [];
  live.changed.emit('everything');
  await expect
    .poll(told, { timeout: 60_000 })
    .toEqual([expect.stringMatching(/^success: Plan 12 \(cells\)/)]);
  Notification.manager.dismiss();
}, 60_000);
