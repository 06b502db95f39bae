import { StateDB } from '@jupyterlab/statedb';
import { afterEach, expect, it, vi } from 'vitest';

import { Api } from '../../src/api/api';
import { Catalogue } from '../../src/pipeline/catalogue';
import { Meanwhile } from '../../src/pipeline/meanwhile';
import { PipelineModel } from '../../src/pipeline/model';
import { UnsavedWork } from '../../src/pipeline/unsaved';
import type { IAnswer } from '../server';
import { REFUSAL, server } from '../server';
import { Told } from '../told';
import { METHODS, version } from './catalogue';
import { draw, trans } from './drawn';

const PREVIEW = { counts: { total: 1, run: 1, reuse: 0, blocked: 0 }, problems: [], samples: 0 };

afterEach(() => {
  vi.useRealTimers();
});

it('a drawing is checked again where methods are others or a plan has ended, not while one runs', async () => {
  let methods: object[] = METHODS;
  const { settings, requests } = server({
    '/base/pm/api/methods': () => ({ body: { methods } }),
    '/base/pm/api/methods/segment/versions/1': { body: version('segment') },
    '/base/pm/api/preview': { body: PREVIEW }
  });
  const api = new Api(settings);
  const catalogue = new Catalogue(api);
  let changed = 0;
  catalogue.changed.connect(() => {
    changed++;
  });
  await catalogue.refresh();
  const model = new PipelineModel({
    api,
    catalogue,
    unsaved: new UnsavedWork(new StateDB()),
    key: 'tab',
    trans
  });
  const live = new Told();
  const meanwhile = new Meanwhile(model, live);
  const previews = (): number =>
    requests.filter(each => new URL(each.url).pathname.endsWith('/preview')).length;
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
  meanwhile.dispose();
  model.dispose();
});

it('after a gap a drawing is checked again, and seldom where nothing is heard', async () => {
  vi.useFakeTimers();
  let answer: IAnswer = { status: 503, body: REFUSAL };
  const { settings, requests } = server({
    '/base/pm/api/methods': { body: { methods: METHODS } },
    '/base/pm/api/preview': () => answer
  });
  const api = new Api(settings);
  const catalogue = new Catalogue(api);
  await catalogue.refresh();
  const model = new PipelineModel({
    api,
    catalogue,
    unsaved: new UnsavedWork(new StateDB()),
    key: 'tab',
    trans
  });
  const live = new Told();
  live.mode = 'polling';
  const meanwhile = new Meanwhile(model, live);
  const previews = async (milliseconds: number): Promise<number> => {
    await vi.advanceTimersByTimeAsync(milliseconds);
    return requests.filter(each => new URL(each.url).pathname.endsWith('/preview')).length;
  };
  draw(model, 'one');
  expect(await previews(1_000)).toBe(1);
  expect(model.checkError).not.toBeNull();

  // The database is there again, and that is all that is known.
  answer = { body: PREVIEW };
  await previews(10_000);
  live.changed.emit('everything');
  expect(await previews(6_000)).toBe(2);
  expect(model.checkError).toBeNull();

  // What can be said is asked once a minute.
  for (let look = 0; look < 10; look++) {
    live.changed.emit('everything');
    await previews(5_000);
  }
  expect(await previews(20_000)).toBe(2);
  live.changed.emit('everything');
  expect(await previews(6_000)).toBe(3);

  // One that is heard again tells of the gap.
  live.mode = 'live';
  live.changed.emit('everything');
  expect(await previews(6_000)).toBe(4);
  const change = { kind: 'checked', id: 7, status: null, plan: null, planned: null, step: null };
  live.changed.emit([change]);
  expect(await previews(6_000)).toBe(5);
  live.changed.emit([{ ...change, kind: 'log' }]);
  expect(await previews(6_000)).toBe(5);

  answer = { status: 503, body: REFUSAL };
  live.changed.emit([{ ...change, kind: 'method' }]);
  expect(await previews(6_000)).toBe(6);
  answer = { body: PREVIEW };
  live.modeChanged.emit('live');
  expect(await previews(6_000)).toBe(7);
  expect(model.checkError).toBeNull();
  meanwhile.dispose();
  model.dispose();
});
