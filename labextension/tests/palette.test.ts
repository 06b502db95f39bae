import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { Api } from '../src/api/api';
import { PaletteModel } from '../src/palette/model';
import { catalogue } from './pipeline/catalogue';
import type { IAnswer } from './server';
import { server, STATUS } from './server';

const methods = await catalogue();

/** A server with so many runs, the newest first; `hold` lets an answer wait. */
function bench(
  count: number,
  hold: (query: URLSearchParams) => Promise<void> = () => Promise.resolve()
): { model: PaletteModel; asked: () => string[] } {
  const queries = (): URLSearchParams[] =>
    door.requests
      .map(each => new URL(each.url))
      .flatMap(each => (each.pathname.endsWith('/runs') ? [each.searchParams] : []));
  const runs = async (): Promise<IAnswer> => {
    const query = queries().at(-1) ?? new URLSearchParams();
    await hold(query);
    const before = Number(query.get('before') ?? count + 1);
    const last = Math.max(1, before - Number(query.get('limit')));
    const ids = Array.from({ length: before - last }, (_, place) => before - 1 - place);
    return {
      body: { runs: ids.map(run_id => ({ run_id })), before: last > 1 ? last : null }
    };
  };
  const door = server({
    '/base/pm/api/status': { body: STATUS },
    '/base/pm/api/templates': { body: { templates: [] } },
    '/base/pm/api/plans': { body: { plans: [] } },
    '/base/pm/api/methods': { body: { methods: [] } },
    '/base/pm/api/runs': runs
  });
  return {
    model: new PaletteModel(new Api(door.settings), methods, nullTranslator.load('')),
    asked: () => queries().map(query => query.toString())
  };
}

describe('the runs in the left panel', () => {
  it('stay as many as were unfolded when something changes', async () => {
    const { model } = bench(100);
    await model.refresh();
    expect(model.runs).toHaveLength(30);
    await model.more();
    await model.more();
    expect(model.runs).toHaveLength(90);
    await model.refresh();
    expect(model.runs.map(run => run.run_id)).toEqual(
      Array.from({ length: 90 }, (_, place) => 100 - place)
    );
    expect(model.hasMore).toBe(true);
    await model.more();
    expect(model.runs).toHaveLength(100);
    // Another search begins with its first ones.
    await model.find('segment');
    expect(model.runs).toHaveLength(30);
  });

  it('are unfolded also where something changes in the same moment', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const { model, asked } = bench(100, query => (query.has('before') ? held : Promise.resolve()));
    await model.refresh();
    const more = model.more();
    await model.refresh();
    release();
    await more;
    expect(asked()).toHaveLength(3);
    expect(model.runs).toHaveLength(60);
  });
});
