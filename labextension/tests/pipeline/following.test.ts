import { afterEach, expect, it, vi } from 'vitest';

import { Following } from '../../src/pipeline/following';
import { REFUSAL } from '../server';
import { Told } from '../told';
import { drawn } from './drawn';

const PLAN = {
  plan_id: 12,
  status: 'running',
  request: {},
  document: { format: 1, steps: { one: { method: 'segment' } } },
  steps: [{ step: 'one', method: 'segment', version: 2, counts: { waiting: 3 } }]
};

afterEach(() => {
  vi.useRealTimers();
});

it('a look that failed is made again, although nothing more happens, and forgets no badge', async () => {
  vi.useFakeTimers();
  let [status, levels] = [0, 0];
  const { model, api } = drawn({
    '/base/pm/api/plans/12': { body: PLAN },
    '/base/pm/api/plans/12/status': () => {
      status++;
      return status === 2
        ? { status: 503, body: REFUSAL }
        : { body: { ...PLAN, status: status === 1 ? 'running' : 'completed' } };
    },
    '/base/pm/api/plans/12/levels': () => {
      levels++;
      return levels === 1
        ? { body: { steps: [{ step: 'one', runs: { WARNING: 2 } }] } }
        : { status: 503, body: REFUSAL };
    }
  });
  const live = new Told();
  const following = new Following(model, live, api);
  await model.view(12);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([status, model.states.get('one')?.warned]).toEqual([1, 2]);
  live.changed.emit([
    { kind: 'plan', id: 12, status: 'completed', plan: 12, planned: null, step: null }
  ]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([status, model.viewing?.plan.status]).toEqual([2, 'running']);
  await vi.advanceTimersByTimeAsync(6_000);
  expect([status, model.viewing?.plan.status]).toEqual([3, 'completed']);
  expect(model.states.get('one')?.warned).toBe(2);
  // Not so often that a server which is away is never left alone.
  await vi.advanceTimersByTimeAsync(120_000);
  expect(status).toBeLessThan(8);
  following.dispose();
  const asked = status;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(status).toBe(asked);
});

it('what happens while it is asked is asked once more', async () => {
  let [asked, letGo] = [0, (): void => undefined];
  const { model, api } = drawn({
    '/base/pm/api/plans/12': { body: PLAN },
    '/base/pm/api/plans/12/status': async () => {
      asked++;
      const answer = { body: { ...PLAN, status: asked < 2 ? 'running' : 'completed' } };
      if (asked === 1) {
        await new Promise<void>(done => {
          letGo = done;
        });
      }
      return answer;
    }
  });
  const live = new Told();
  const following = new Following(model, live, api);
  await model.view(12);
  await expect.poll(() => asked).toBe(1);
  const change = { kind: 'plan', id: 12, status: null, plan: 12, planned: null, step: null };
  live.changed.emit([change]);
  live.changed.emit([change]);
  letGo();
  await expect.poll(() => model.viewing?.plan.status).toBe('completed');
  expect(asked).toBe(2);
  following.dispose();
});

it('a viewed plan follows what happens to it, and to no other', async () => {
  let asked = 0;
  let levels = 0;
  const { model, api } = drawn({
    '/base/pm/api/plans/12': { body: PLAN },
    '/base/pm/api/plans/13': { body: { ...PLAN, plan_id: 13 } },
    '/base/pm/api/plans/13/levels': () => {
      levels++;
      return { body: { steps: [] } };
    },
    '/base/pm/api/plans/12/status': () => {
      asked++;
      const steps = [{ ...PLAN.steps[0], counts: { completed: asked, waiting: 3 - asked } }];
      return { body: { ...PLAN, steps } };
    }
  });
  const live = new Told();
  const following = new Following(model, live, api);
  expect(live.holders).toBe(0);
  await model.view(12);
  expect(live.holders).toBe(1);
  const change = { kind: 'run', id: 5, status: 'completed', plan: 12, planned: 1, step: 'one' };
  live.changed.emit([{ ...change, plan: 99 }]);
  live.changed.emit([change]);
  await expect.poll(() => model.states.get('one')?.counts).toEqual({ completed: 1, waiting: 2 });
  live.changed.emit('everything');
  await expect.poll(() => model.states.get('one')?.counts).toEqual({ completed: 2, waiting: 1 });
  // From plan to plan: the levels of its logs are asked for as well.
  expect(levels).toBe(0);
  await model.view(13);
  expect(live.holders).toBe(1);
  await expect.poll(() => levels, { timeout: 10_000 }).toBe(1);
  await model.view(null);
  expect(live.holders).toBe(0);
  following.dispose();
});
