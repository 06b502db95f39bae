import { StateDB } from '@jupyterlab/statedb';
import { afterEach, expect, it, vi } from 'vitest';

import { Api } from '../../src/api/api';
import { Catalogue } from '../../src/pipeline/catalogue';
import { Meanwhile } from '../../src/pipeline/meanwhile';
import type { PipelineModel } from '../../src/pipeline/model';
import type { Answers, IAnswer } from '../server';
import { REFUSAL, server } from '../server';
import { Told } from '../told';
import { METHODS, version } from './catalogue';
import { draw, modelAt } from './drawn';

const PREVIEW = { counts: { total: 1, run: 1, reuse: 0, blocked: 0 }, problems: [], samples: 0 };

/** A drawing that hears of what happens at this server, and how often it was previewed there. */
function bench(answers: Answers): {
  catalogue: Catalogue;
  model: PipelineModel;
  live: Told;
  previews: () => number;
  end: () => void;
} {
  const { settings, requests } = server(answers);
  const api = new Api(settings);
  const catalogue = new Catalogue(api);
  const model = modelAt(api, new StateDB(), { catalogue });
  const live = new Told();
  const meanwhile = new Meanwhile(model, live);
  return {
    ...{ catalogue, model, live },
    previews: () => requests.filter(each => new URL(each.url).pathname.endsWith('/preview')).length,
    end: () => {
      meanwhile.dispose();
      model.dispose();
    }
  };
}

afterEach(() => {
  vi.useRealTimers();
});

it('a drawing is checked again where methods are others or a plan has ended, not while one runs', async () => {
  let methods: object[] = METHODS;
  const { catalogue, model, live, previews, end } = bench({
    '/base/pm/api/methods': () => ({ body: { methods } }),
    '/base/pm/api/methods/segment/versions/1': { body: version('segment') },
    '/base/pm/api/preview': { body: PREVIEW }
  });
  let changed = 0;
  catalogue.changed.connect(() => {
    changed++;
  });
  await catalogue.refresh();
  draw(model, 'one');
  await expect.poll(() => model.isChecked, { timeout: 60_000 }).toBe(true);
  expect([changed, previews()]).toEqual([1, 1]);

  await catalogue.refresh();
  await catalogue.refresh();
  const change = { kind: 'plan', id: 12, status: 'running', plan: 12, planned: null, step: null };
  live.changed.emit([change, { ...change, kind: 'run', status: 'completed' }]);
  expect([changed, model.isChecked]).toEqual([1, true]);

  // That an older version is known by now changes what is drawn, not what would run.
  await catalogue.fetched('segment', 1);
  expect([changed, model.isChecked]).toEqual([2, true]);

  methods = METHODS.slice(1);
  await catalogue.refresh();
  expect([changed, model.isChecked]).toEqual([3, false]);
  await expect.poll(() => model.isChecked, { timeout: 60_000 }).toBe(true);
  expect(previews()).toBe(2);

  // What it made is reused by what is drawn here.
  live.changed.emit([{ ...change, status: 'completed' }]);
  await expect.poll(previews, { timeout: 60_000 }).toBe(3);
  end();
});

it('after a gap a drawing is checked again, and seldom where nothing is heard', async () => {
  vi.useFakeTimers();
  let answer: IAnswer = { status: 503, body: REFUSAL };
  const { catalogue, model, live, previews, end } = bench({
    '/base/pm/api/methods': { body: { methods: METHODS } },
    '/base/pm/api/preview': () => answer
  });
  await catalogue.refresh();
  live.mode = 'polling';
  const after = async (milliseconds: number): Promise<number> => {
    await vi.advanceTimersByTimeAsync(milliseconds);
    return previews();
  };
  draw(model, 'one');
  expect(await after(1_000)).toBe(1);
  expect(model.checkError).not.toBeNull();

  // The database is there again, and that is all that is known.
  answer = { body: PREVIEW };
  await after(10_000);
  live.changed.emit('everything');
  expect(await after(6_000)).toBe(2);
  expect(model.checkError).toBeNull();

  // What can be said is asked once a minute.
  for (let look = 0; look < 10; look++) {
    live.changed.emit('everything');
    await after(5_000);
  }
  expect(await after(20_000)).toBe(2);
  live.changed.emit('everything');
  expect(await after(6_000)).toBe(3);

  // One that is heard again tells of the gap.
  live.mode = 'live';
  live.changed.emit('everything');
  expect(await after(6_000)).toBe(4);
  const change = { kind: 'checked', id: 7, status: null, plan: null, planned: null, step: null };
  live.changed.emit([change]);
  expect(await after(6_000)).toBe(5);
  live.changed.emit([{ ...change, kind: 'log' }]);
  expect(await after(6_000)).toBe(5);

  answer = { status: 503, body: REFUSAL };
  live.changed.emit([{ ...change, kind: 'method' }]);
  expect(await after(6_000)).toBe(6);
  answer = { body: PREVIEW };
  live.modeChanged.emit('live');
  expect(await after(6_000)).toBe(7);
  expect(model.checkError).toBeNull();
  end();
});
