import { StateDB } from '@jupyterlab/statedb';
import { expect, it } from 'vitest';

import { Api } from '../../src/api/api';
import { Catalogue } from '../../src/pipeline/catalogue';
import { Meanwhile } from '../../src/pipeline/meanwhile';
import { PipelineModel } from '../../src/pipeline/model';
import { UnsavedWork } from '../../src/pipeline/unsaved';
import { server } from '../server';
import { Told } from '../told';
import { METHODS } from './catalogue';
import { draw, trans } from './drawn';

const PREVIEW = { counts: { total: 1, run: 1, reuse: 0, blocked: 0 }, problems: [], samples: 0 };

it('a drawing is checked again where methods are others or a plan has ended, not while one runs', async () => {
  let methods: object[] = METHODS;
  const { settings, requests } = server({
    '/base/pm/api/methods': () => ({ body: { methods } }),
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

  methods = METHODS.slice(1);
  await catalogue.refresh();
  expect([changed, model.isChecked]).toEqual([2, false]);
  await expect.poll(() => model.isChecked, { timeout: 60_000 }).toBe(true);
  expect(previews()).toBe(2);

  // What it made is reused by what is drawn here.
  live.changed.emit([{ ...change, status: 'completed' }]);
  await expect.poll(previews, { timeout: 60_000 }).toBe(3);
  meanwhile.dispose();
  model.dispose();
});
