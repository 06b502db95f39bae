import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { describe, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import { drawingsChanged } from '../src/api/drawings';
import { PaletteModel } from '../src/palette/model';
import { PalettePanel } from '../src/palette/plugin';
import { Catalogue } from '../src/pipeline/catalogue';
import type { IChange } from '../src/tokens';
import type { IAnswer } from './server';
import { REFUSAL, server, STATUS } from './server';
import { Told } from './told';

/** A server with so many runs, the newest first; `hold` lets an answer wait. */
function bench(
  count: number,
  hold: (query: URLSearchParams) => Promise<void> = () => Promise.resolve(),
  status: () => IAnswer = () => ({ body: STATUS })
): {
  model: PaletteModel;
  asked: () => string[];
  methodsRead: () => number;
  drawingsRead: () => number;
} {
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
    '/base/pm/api/status': status,
    '/base/pm/api/templates': { body: { templates: [] } },
    '/base/pm/api/drawings': { body: { drawings: [] } },
    '/base/pm/api/plans': { body: { plans: [] } },
    '/base/pm/api/methods': { body: { methods: [] } },
    '/base/pm/api/runs': runs
  });
  const api = new Api(door.settings);
  const read = (what: string): number =>
    door.requests.filter(each => new URL(each.url).pathname.endsWith(what)).length;
  return {
    model: new PaletteModel(api, new Catalogue(api), nullTranslator.load('')),
    asked: () => queries().map(query => query.toString()),
    methodsRead: () => read('/methods'),
    drawingsRead: () => read('/drawings')
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

describe('the left panel', () => {
  it('reads its lists again while changes come without a pause, and not for logs that grow', async () => {
    vi.useFakeTimers();
    let status: IAnswer = { body: STATUS };
    const { model, asked, methodsRead, drawingsRead } = bench(0, undefined, () => status);
    const live = new Told();
    const add = (): Promise<void> => Promise.resolve();
    const actions = {
      ...{
        add,
        templateVersions: add,
        renameTemplate: add,
        deleteTemplate: add,
        discardDrawing: add
      },
      openPlan: () => undefined
    };
    const trans = nullTranslator.load('');
    const panel = new PalettePanel(model, () => actions, null, live, new CommandRegistry(), trans);
    Widget.attach(panel, document.body);
    await vi.advanceTimersByTimeAsync(100);
    expect(asked()).toHaveLength(1);
    const change = (kind: string): IChange => ({
      ...{ kind, id: 1, status: null, plan: null, planned: null, step: null }
    });
    for (let tenth = 0; tenth < 100; tenth++) {
      live.changed.emit([change('run')]);
      await vi.advanceTimersByTimeAsync(100);
    }
    // Ten seconds: after half a second, then every two.
    expect(asked().length).toBeGreaterThanOrEqual(5);
    expect(asked().length).toBeLessThanOrEqual(7);
    await vi.advanceTimersByTimeAsync(5_000);
    const before = asked().length;
    live.changed.emit([change('log')]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked()).toHaveLength(before);
    // A drawing that another browser keeps is heard of, and changes no other list.
    expect(drawingsRead()).toBe(before);
    live.changed.emit([change('drawing')]);
    live.changed.emit([change('drawing')]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([asked().length, drawingsRead()]).toEqual([before, before + 1]);
    // The methods are read again where they may be others, and not for what runs.
    const read = methodsRead();
    expect(read).toBe(1);
    live.changed.emit([change('run'), change('method')]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(methodsRead()).toBe(read + 1);
    // Where that look failed, the next one reads them, whatever it was asked for.
    status = { status: 503, body: REFUSAL };
    live.changed.emit([change('method')]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(methodsRead()).toBe(read + 1);
    status = { body: STATUS };
    live.changed.emit([change('run')]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(methodsRead()).toBe(read + 2);
    live.changed.emit([change('run')]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(methodsRead()).toBe(read + 2);
    panel.dispose();
    vi.useRealTimers();
  });
});

it('the drawings that are not saved are those of the last answer that was asked for', async () => {
  const waiting: ((answer: IAnswer) => void)[] = [];
  const door = server({
    '/base/pm/api/drawings': () => new Promise<IAnswer>(resolve => waiting.push(resolve))
  });
  const api = new Api(door.settings);
  const model = new PaletteModel(api, new Catalogue(api), nullTranslator.load(''));
  for (const count of [1, 2]) {
    drawingsChanged.emit();
    await expect.poll(() => waiting.length).toBe(count);
  }
  waiting[1]?.({ body: { drawings: [{ key: 'new' }] } });
  await expect.poll(() => model.drawings.map(each => each.key)).toEqual(['new']);
  waiting[0]?.({ body: { drawings: [{ key: 'new' }, { key: 'thrown away' }] } });
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(model.drawings.map(each => each.key)).toEqual(['new']);
  model.dispose();
});

describe('an older look that takes longer', () => {
  /** Lists whose methods, or runs, are answered by hand; each other answer is of the time it is asked for. */
  const late = (): {
    model: PaletteModel;
    methods: ((answer: IAnswer) => void)[];
    runs: ((answer: IAnswer) => void)[];
    now: { version: number };
  } => {
    const methods: ((answer: IAnswer) => void)[] = [];
    const runs: ((answer: IAnswer) => void)[] = [];
    const now = { version: 3 };
    const door = server({
      '/base/pm/api/status': { body: STATUS },
      '/base/pm/api/templates': () => ({
        body: { templates: [{ name: 'cells', version: now.version }] }
      }),
      '/base/pm/api/drawings': { body: { drawings: [] } },
      '/base/pm/api/plans': { body: { plans: [] } },
      '/base/pm/api/methods': () => new Promise<IAnswer>(resolve => methods.push(resolve)),
      '/base/pm/api/runs': request =>
        new URL(request.url).searchParams.has('since')
          ? new Promise<IAnswer>(resolve => runs.push(resolve))
          : { body: { runs: [], before: null } }
    });
    const api = new Api(door.settings);
    const model = new PaletteModel(api, new Catalogue(api), nullTranslator.load(''));
    return { model, methods, runs, now };
  };

  it('puts nothing back that a newer one has found changed', async () => {
    const { model, methods, now } = late();
    const first = model.refresh();
    await expect.poll(() => methods.length).toBe(1);
    methods[0]?.({ body: { methods: [] } });
    await first;
    const versions = (): unknown[] => model.templates.map(each => each.version);
    expect(versions()).toEqual([3]);
    const older = model.refresh();
    await expect.poll(() => methods.length).toBe(2);
    now.version = 4;
    await model.refresh({ methods: false });
    expect(versions()).toEqual([4]);
    methods[1]?.({ body: { methods: [] } });
    await older;
    expect([versions(), model.error]).toEqual([[4], null]);
    model.dispose();
  });

  it('says nothing against what is looked for now', async () => {
    const { model, runs } = late();
    const older = model.find('since:whenever');
    await expect.poll(() => runs.length).toBe(1);
    await model.find('segment');
    runs[0]?.({ status: 422, body: { ...REFUSAL, error: 'InvalidInput' } });
    await older;
    expect([model.filter, model.filterFault, model.error]).toEqual(['segment', null, null]);
    model.dispose();
  });
});
