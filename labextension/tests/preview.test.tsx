import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import { StateDB } from '@jupyterlab/statedb';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import React from 'react';
import { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import { CommandIDs } from '../src/commands';
import { DraftNews } from '../src/pipeline/draft_news';
import { addStep } from '../src/pipeline/edits';
import type { PipelineModel } from '../src/pipeline/model';
import { PipelineTracker } from '../src/pipeline/tracker';
import { PreviewModel } from '../src/preview/model';
import type { PreviewPanel } from '../src/preview/panel';
import { previewPlugin } from '../src/preview/plugin';
import { withSkipped, withStepAgain } from '../src/preview/request';
import { DraftSource } from '../src/preview/source';
import { PreviewView } from '../src/preview/view';
import { timeText } from '../src/preview/words';
import { methods, modelAt, trans } from './pipeline/drawn';
import type { Answers, IAnswer } from './server';
import { REFUSAL, server, STATUS } from './server';

const PREVIEW = {
  counts: { total: 6, run: 4, reuse: 2, blocked: 0 },
  final_results: 4,
  samples: 2,
  paths: 4,
  branches: [],
  problems: [] as object[],
  steps: [],
  estimate: { work_seconds: 0, longest_seconds: 0, unknown_methods: [], documented_methods: [] },
  tree: {
    nodes: [
      {
        kind: 'sample',
        label: 's1',
        axis: null,
        params: {},
        runs: [{ key: 'k1', step: 'one', action: 'run', run_id: null, reason: '' }],
        children: []
      }
    ],
    next: null
  }
};

const DOCUMENT = {
  format: 1,
  name: 'cells',
  description: '',
  steps: { one: { method: 'segment', version: 'latest' } },
  layout: {}
};

interface IStored {
  plan_id: number;
  revision: string;
  status: string;
  name: string;
  notes: string;
  metadata: Record<string, unknown>;
  request: object;
  document: object;
  steps: object[];
}

/** A server with one stored draft: it is changed, previewed and submitted as the real one does. */
function bench(more: Answers = {}): {
  api: Api;
  requests: Request[];
  stored: IStored;
  asked: (method: string, path: string) => Request[];
} {
  const stored: IStored = {
    plan_id: 7,
    revision: 'r1',
    status: 'draft',
    name: 'cells',
    notes: '',
    metadata: {},
    request: { samples: ['s1', 's2'] },
    document: DOCUMENT,
    steps: []
  };
  const plan = async (): Promise<IAnswer> => {
    const request = door.requests.at(-1);
    if (request?.method === 'PUT') {
      const { expected, ...parts } = (await request.clone().json()) as Partial<IStored> & {
        expected: string;
      };
      if (expected !== stored.revision) {
        return { status: 409, body: { ...REFUSAL, message: 'Somebody else changed it.' } };
      }
      Object.assign(stored, parts, { revision: `r${Number(stored.revision.slice(1)) + 1}` });
    }
    return { body: { ...stored } };
  };
  const door = server({
    '/base/pm/api/status': { body: STATUS },
    '/base/pm/api/preview': { body: PREVIEW },
    '/base/pm/api/plans/7': plan,
    '/base/pm/api/plans/7/preview': { body: PREVIEW },
    '/base/pm/api/plans/7/submit': { body: { ...stored, status: 'submitted' } },
    ...more
  });
  const asked = (method: string, path: string): Request[] =>
    door.requests.filter(
      each => each.method === method && new URL(each.url).pathname === `/base/pm/api/${path}`
    );
  return { api: new Api(door.settings), requests: door.requests, stored, asked };
}

/** An answer that is given by hand. */
function held(answer: IAnswer): { answer: () => Promise<IAnswer>; give: () => void } {
  let give = (): void => undefined;
  const waiting = new Promise<void>(resolve => {
    give = resolve;
  });
  return { answer: () => waiting.then(() => answer), give };
}

/** No answer to a request that is taken back. */
async function untilLeft(request?: Request): Promise<IAnswer> {
  return new Promise((_, reject) => {
    request?.signal.addEventListener('abort', () => {
      reject(new DOMException('It was left.', 'AbortError'));
    });
  });
}

/** The drawing that the draft was stored from, with one sample more than is stored. */
async function drawing(api: Api): Promise<{ drawn: PipelineModel; pipelines: PipelineTracker }> {
  const drawn = modelAt(api);
  await drawn.openPlan(7);
  const pipelines = new PipelineTracker(methods);
  pipelines.add(drawn);
  return { drawn, pipelines };
}

let roots: Root[] = [];
let tabs: Widget[] = [];

function shown(model: PreviewModel): HTMLElement {
  const host = document.createElement('div');
  document.body.append(host);
  const root = createRoot(host);
  roots.push(root);
  const render = (): void => {
    act(() => {
      root.render(<PreviewView model={model} links={{}} trans={trans} />);
    });
  };
  model.stateChanged.connect(render);
  render();
  return host;
}

function named(host: HTMLElement, text: string): HTMLElement {
  const found = [...host.querySelectorAll<HTMLElement>('button, label')].find(
    each => each.textContent === text
  );
  if (found === undefined) {
    throw new Error(`There is no "${text}" in: ${host.textContent}`);
  }
  return found;
}

/** The field with a label. */
function field(host: HTMLElement, label: string): HTMLInputElement {
  const found = document.getElementById(named(host, label).getAttribute('for') ?? '');
  if (!(found instanceof HTMLInputElement)) {
    throw new Error(`"${label}" is the label of no field.`);
  }
  return found;
}

function buttonFor(host: HTMLElement, said: string): HTMLElement {
  const found = host.querySelector<HTMLElement>(`[aria-label="${said}"]`);
  if (found === null) {
    throw new Error(`There is no "${said}" in: ${host.textContent}`);
  }
  return found;
}

function type(into: HTMLInputElement, text: string): void {
  act(() => {
    // As a browser does: past the setter that React watches.
    Reflect.set(HTMLInputElement.prototype, 'value', text, into);
    into.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

function click(button: HTMLElement): void {
  act(() => {
    button.click();
  });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await act(async () => new Promise(resolve => setTimeout(resolve, 5)));
  }
}

vi.setConfig({ testTimeout: 60_000 });

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});
afterEach(() => {
  for (const root of roots) {
    act(() => {
      root.unmount();
    });
  }
  roots = [];
  for (const tab of tabs) {
    tab.dispose();
  }
  tabs = [];
  vi.useRealTimers();
});

describe('a look at a draft', () => {
  it('is shared by all who ask before it has begun, and forbids nothing', async () => {
    const look = held({ body: PREVIEW });
    let looks = 0;
    const { api, asked } = bench({
      '/base/pm/api/plans/7/preview': () => (looks++ === 0 ? { body: PREVIEW } : look.answer())
    });
    const model = new PreviewModel(api, 7);
    expect(await Promise.all([model.load(), model.load()])).toEqual([true, true]);
    expect(asked('GET', 'plans/7/preview')).toHaveLength(1);

    const host = shown(model);
    const again = [model.load(), model.load(), model.load()];
    expect(model.busy).toBe(true);
    expect(model.isChanging).toBe(false);
    const run = named(host, 'Run 4 new, reuse 2');
    expect(run.getAttribute('aria-disabled')).toBe('false');
    click(run);
    expect(run.getAttribute('aria-disabled')).toBe('true');
    // A second press is the same word.
    click(run);
    look.give();
    await Promise.all(again);
    await until(() => model.started !== null);
    expect(asked('GET', 'plans/7/preview')).toHaveLength(2);
    expect(asked('POST', 'plans/7/submit')).toHaveLength(1);
  });

  it('that began before something changed is followed by another', async () => {
    const look = held({ body: PREVIEW });
    const { api, asked } = bench({ '/base/pm/api/plans/7/preview': look.answer });
    const model = new PreviewModel(api, 7);
    const first = model.load();
    await until(() => asked('GET', 'plans/7/preview').length === 1);
    const second = model.load();
    look.give();
    await Promise.all([first, second]);
    expect(asked('GET', 'plans/7/preview')).toHaveLength(2);
  });

  it('tells that it could not be had', async () => {
    const { api } = bench({ '/base/pm/api/plans/7/preview': { status: 503, body: REFUSAL } });
    const model = new PreviewModel(api, 7);
    expect(await model.load()).toBe(false);
    expect(model.error).not.toBeNull();
  });

  it('is counted by one clock from its first part to its last, and by none afterwards', async () => {
    const { api } = bench();
    const model = new PreviewModel(api, 7);
    await model.load();
    vi.useFakeTimers();
    const host = shown(model);
    expect(vi.getTimerCount()).toBe(0);
    let [busy, doing] = [true, 'looking' as 'looking' | 'saving' | null];
    vi.spyOn(model, 'busy', 'get').mockImplementation(() => busy);
    vi.spyOn(model, 'doing', 'get').mockImplementation(() => (busy ? doing : null));
    model.stateChanged.emit();
    act(() => {
      vi.advanceTimersByTime(2100);
    });
    expect(host.textContent).toContain('Looking again at 6 runs: 2 s');
    doing = 'saving';
    model.stateChanged.emit();
    expect(host.textContent).toContain('Saving the draft of 6 runs: 2 s');
    busy = false;
    model.stateChanged.emit();
    expect(host.textContent).not.toContain('Saving the draft');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the first plan of all', () => {
  it('says, while it waits for it, how much of Nextflow was fetched', async () => {
    const submitting = held({ body: { plan_id: 7, status: 'submitted' } });
    const { api } = bench({
      '/base/pm/api/plans/7/submit': submitting.answer,
      '/base/pm/api/nextflow': { body: { ready: false, own: false, files: 12, of: 57 } }
    });
    const model = new PreviewModel(api, 7);
    await model.load();
    const host = shown(model);
    click(named(host, 'Run 4 new, reuse 2'));
    const said = 'Fetching Nextflow, once for all plans (12 of 57 files)';
    await until(() => host.textContent.includes(said));
    submitting.give();
    await until(() => model.started !== null);
    expect(model.fetched).toBeNull();
    expect(host.textContent).not.toContain('Nextflow');
  });
});

describe('what is asked for otherwise', () => {
  it('keeps the button from running what is not shown, until it is stored', async () => {
    const look = held({ body: PREVIEW });
    let isHeld = false;
    const { api, stored, asked } = bench({
      '/base/pm/api/plans/7/preview': () => (isHeld ? look.answer() : { body: PREVIEW })
    });
    const model = new PreviewModel(api, 7);
    await model.load();
    const host = shown(model);
    isHeld = true;
    const change = model.change({ request: withStepAgain(model.request, 'one', true) });
    expect(model.isChanging).toBe(true);
    click(named(host, 'Run 4 new, reuse 2'));
    look.give();
    expect(await change).toBe(true);
    expect(model.isChanging).toBe(false);
    expect(stored.request).toMatchObject({ rerun: { steps: ['one'] } });
    expect(asked('POST', 'plans/7/submit')).toHaveLength(0);
  });
});

describe('what is said of a draft', () => {
  it('is stored before the run that is asked for in the same moment', async () => {
    const { api, stored, asked } = bench();
    const model = new PreviewModel(api, 7);
    await model.load();
    const saved = model.change({ notes: 'the second try' });
    expect(model.isChanging).toBe(false);
    await Promise.all([saved, model.submit()]);
    expect(stored.notes).toBe('the second try');
    expect(model.started).not.toBeNull();
    expect(asked('POST', 'plans/7/submit')).toHaveLength(1);
  });

  it('and could not be stored is told, and nothing runs without it', async () => {
    const { api, stored, asked } = bench();
    const model = new PreviewModel(api, 7);
    await model.load();
    stored.revision = 'r9';
    const saved = model.change({ notes: 'lost otherwise' });
    await model.submit();
    expect(await saved).toBe(false);
    expect(model.error).not.toBeNull();
    expect(asked('POST', 'plans/7/submit')).toHaveLength(0);
    // Told once: what was seen since can run.
    await model.load();
    await model.submit();
    expect(model.started).not.toBeNull();
  });

  it('and is being typed on while the first of it is stored stays as it is typed', async () => {
    const { api, stored } = bench();
    const model = new PreviewModel(api, 7);
    await model.load();
    const host = shown(model);
    const name = field(host, 'Name');
    name.focus();
    type(name, 'cohort');
    act(() => {
      name.blur();
    });
    act(() => {
      name.focus();
    });
    type(name, 'cohort A');
    await until(() => !model.busy);
    expect(stored.name).toBe('cohort');
    expect(name.value).toBe('cohort A');
    act(() => {
      name.blur();
    });
    await until(() => !model.busy);
    expect(stored.name).toBe('cohort A');
    // What somebody else says is shown.
    stored.name = 'cells';
    await model.load();
    await until(() => name.value === 'cells');
  });

  it('in two entries of metadata one right after the other is kept whole', async () => {
    const { api, stored } = bench();
    const model = new PreviewModel(api, 7);
    await model.load();
    const host = shown(model);
    for (const [key, value] of [
      ['ticket', '42'],
      ['lab', 'B3']
    ] as const) {
      type(field(host, 'Key'), key);
      type(field(host, 'Value'), value);
      click(named(host, 'Add'));
    }
    await until(() => !model.busy);
    expect(stored.metadata).toEqual({ ticket: '42', lab: 'B3' });
    click(buttonFor(host, 'Remove metadata ticket'));
    click(buttonFor(host, 'Remove metadata lab'));
    await until(() => !model.busy);
    expect(stored.metadata).toEqual({});
  });

  it('in metadata that could not be stored is in its fields again', async () => {
    const { api, stored } = bench();
    const model = new PreviewModel(api, 7);
    await model.load();
    const host = shown(model);
    stored.revision = 'r9';
    type(field(host, 'Key'), 'ticket');
    type(field(host, 'Value'), '42');
    click(named(host, 'Add'));
    await until(() => !model.busy);
    await until(() => field(host, 'Key').value === 'ticket');
    expect(field(host, 'Value').value).toBe('42');
  });
});

describe('the drawing of a draft', () => {
  it('keeps its own samples and its undo when something is said of the draft', async () => {
    const { api, stored } = bench();
    const { drawn, pipelines } = await drawing(api);
    const model = new PreviewModel(api, 7);
    new DraftSource(model, pipelines, trans, new DraftNews(new StateDB()));
    await model.load();
    drawn.commitRequest('add s3', request => ({ ...request, samples: ['s1', 's2', 's3'] }));

    await model.change({ notes: 'first look' });
    expect(drawn.request.samples).toEqual(['s1', 's2', 's3']);
    expect(drawn.undoName).toBe('add s3');

    await model.change({ request: withSkipped(model.request, { sample: 's1' }, true) });
    expect(drawn.request).toEqual({
      samples: ['s1', 's2', 's3'],
      excluded: [{ sample: 's1' }]
    });
    expect(drawn.undoName).toBe('change the plan');
    // It knows what is stored: the same draft is changed.
    expect((await drawn.storeDraft()).plan_id).toBe(7);
    expect(stored.notes).toBe('first look');
    expect(stored.request).toMatchObject({ samples: ['s1', 's2', 's3'] });
  });

  it('is told what is stored, not what is only wished for', async () => {
    const { api, asked } = bench({
      '/base/pm/api/plans/7/preview': () => {
        const looks = asked('POST', 'plans/7/preview');
        return looks.length < 2 ? { body: PREVIEW } : untilLeft(looks.at(-1));
      }
    });
    const { drawn, pipelines } = await drawing(api);
    const model = new PreviewModel(api, 7);
    new DraftSource(model, pipelines, trans, new DraftNews(new StateDB()));
    await model.load();
    // While the first is being stored the next one is wished for.
    const later: Promise<boolean>[] = [];
    let isAsked = false;
    model.stateChanged.connect(() => {
      if (model.doing === 'saving' && !isAsked) {
        isAsked = true;
        later.push(model.change({ request: withStepAgain(model.request, 'two', true) }));
      }
    });
    await model.change({ request: withStepAgain(model.request, 'one', true) });
    expect(drawn.request.rerun).toEqual({ steps: ['one'] });
    await until(() => model.canStop);
    expect(model.request.rerun).toEqual({ steps: ['one', 'two'] });
    model.stop();
    await Promise.all(later);
    expect(drawn.request.rerun).toEqual({ steps: ['one'] });
    expect(model.request.rerun).toEqual({ steps: ['one'] });
  });

  it('that is read after a reload only when it is seen is told then', async () => {
    const { api, stored } = bench();
    const state = new StateDB();
    const before = modelAt(api, state);
    await before.openPlan(7);
    before.commit('add', document =>
      addStep(document, { name: 'two', method: 'segment' }, { x: 0, y: 0 })
    );
    await before.keepNow();
    before.dispose();

    const pipelines = new PipelineTracker(methods);
    const model = new PreviewModel(api, 7);
    new DraftSource(model, pipelines, trans, new DraftNews(new StateDB()));
    await model.load();
    await model.change({ notes: 'by day' });
    await model.change({ request: withStepAgain(model.request, 'one', true) });
    const drawn = modelAt(api, state);
    await drawn.openUnsaved();
    pipelines.add(drawn);
    expect(drawn.request.rerun).toEqual({ steps: ['one'] });
    expect((await drawn.storeDraft()).plan_id).toBe(7);
    expect(stored).toMatchObject({ notes: 'by day', request: { rerun: { steps: ['one'] } } });
  });

  it('is told what was changed before several reloads, and nothing of what others changed', async () => {
    const { api, stored, asked } = bench();
    const state = new StateDB();
    const before = modelAt(api, state);
    await before.openPlan(7);
    await before.keepNow();
    before.dispose();
    for (const change of [
      { notes: 'by day' },
      { request: { samples: ['s1', 's2'], rerun: { steps: ['one'] } } }
    ]) {
      // The page of the preview alone, as often as it is reloaded.
      const model = new PreviewModel(api, 7);
      new DraftSource(model, new PipelineTracker(methods), trans, new DraftNews(state));
      await model.load();
      await model.change(change);
    }
    const drawn = modelAt(api, state);
    await drawn.openUnsaved();
    expect(drawn.request.rerun).toEqual({ steps: ['one'] });
    expect((await drawn.storeDraft()).plan_id).toBe(7);
    expect(asked('POST', 'plans')).toHaveLength(0);
    expect(await new DraftNews(state).of(7)).toBeNull();
    await drawn.keepNow();
    drawn.dispose();

    // Somebody else changed it since: what is drawn here does not take the place of that.
    const model = new PreviewModel(api, 7);
    new DraftSource(model, new PipelineTracker(methods), trans, new DraftNews(state));
    await model.load();
    await model.change({ request: { samples: ['s1'], rerun: { all: true } } });
    stored.revision = 'r99';
    const later = modelAt(api, state);
    await later.openUnsaved();
    expect(later.request.rerun).toEqual({ steps: ['one'] });
    await expect(later.storeDraft()).rejects.toThrow();
    expect(asked('POST', 'plans')).toHaveLength(1);
  });

  it('knows after a reload what it had been told, whenever that comes', async () => {
    const { api, asked } = bench();
    const state = new StateDB();
    const before = modelAt(api, state);
    await before.openPlan(7);
    await before.keepNow();
    before.dispose();
    const model = new PreviewModel(api, 7);
    new DraftSource(model, new PipelineTracker(methods), trans, new DraftNews(state));
    await model.load();
    await model.change({ request: { samples: ['s1', 's2'], rerun: { steps: ['one'] } } });
    // It cannot be forgotten at first; and nothing waits until what was drawn is kept by itself.
    vi.spyOn(state, 'remove').mockRejectedValueOnce(new Error('away'));
    for (let reload = 0; reload < 2; reload++) {
      const drawn = modelAt(api, state);
      await drawn.openUnsaved();
      expect(drawn.request.rerun).toEqual({ steps: ['one'] });
    }
    const drawn = modelAt(api, state);
    await drawn.openUnsaved();
    expect((await drawn.storeDraft()).plan_id).toBe(7);
    expect(asked('POST', 'plans')).toHaveLength(0);
    // Closed on purpose, it will not come back to hear of anything.
    await new DraftNews(state).keep(7, { before: 'r8', after: 'r9' });
    await drawn.discard();
    expect(await new DraftNews(state).of(7)).toBeNull();
  });

  it('comes to the front when one of its steps is to be shown', async () => {
    const { api } = bench();
    const { drawn, pipelines } = await drawing(api);
    const told: string[] = [];
    pipelines.shown.connect((_, model) => {
      told.push(`front ${String(model === drawn)}`);
    });
    drawn.revealed.connect((_, step) => {
      told.push(step);
    });
    const model = new PreviewModel(api, 7);
    const source = new DraftSource(model, pipelines, trans, new DraftNews(new StateDB()));
    await drawn.view(7);
    expect(await source.show('one')).toBe(true);
    expect(told).toEqual(['front true', 'one']);
    expect(drawn.viewing).toBeNull();
    pipelines.remove(drawn);
    expect(await source.show('one')).toBe(false);
  });
});

describe('what changed since the preview', () => {
  it('is asked about once: who saw the new preview has agreed to it', async () => {
    const accepted: unknown[] = [];
    const { api, asked } = bench({
      '/base/pm/api/plans/7/submit': async () => {
        const body = (await asked('POST', 'plans/7/submit').at(-1)?.clone().json()) as object;
        accepted.push(body);
        return 'accept' in body
          ? { body: { plan_id: 7, status: 'submitted' } }
          : { status: 409, body: { ...REFUSAL, difference: 'gate: v2 instead of v1' } };
      }
    });
    const model = new PreviewModel(api, 7);
    await model.load();
    await model.submit();
    expect(model.difference).toBe('gate: v2 instead of v1');
    const host = shown(model);
    click(named(host, 'Show the new preview'));
    await until(() => model.difference === null && !model.busy);
    click(named(host, 'Run 4 new, reuse 2'));
    await until(() => model.started !== null);
    expect(accepted).toEqual([{}, { accept: 'gate: v2 instead of v1' }]);
  });

  it('is asked about again when the new preview could not be had', async () => {
    let fails = false;
    const { api, asked } = bench({
      '/base/pm/api/plans/7/preview': () =>
        fails ? { status: 503, body: REFUSAL } : { body: PREVIEW },
      '/base/pm/api/plans/7/submit': {
        status: 409,
        body: { ...REFUSAL, difference: 'gate: v2 instead of v1' }
      }
    });
    const model = new PreviewModel(api, 7);
    await model.load();
    await model.submit();
    fails = true;
    await model.renew();
    expect(model.difference).toBe('gate: v2 instead of v1');
    await model.submit();
    expect(await asked('POST', 'plans/7/submit').at(-1)?.clone().json()).toEqual({});
  });
});

describe('the tab of a draft', () => {
  beforeEach(() => {
    // A widget of the Lab draws itself.
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  });

  /** Commands over a shell that has one place for tabs. */
  function lab(
    api: Api,
    pipelines: PipelineTracker,
    state: StateDB | null = null
  ): { commands: CommandRegistry; hide: () => void } {
    const commands = new CommandRegistry();
    const shell = {
      add: (tab: Widget) => {
        tabs.push(tab);
        Widget.attach(tab, document.body);
      },
      activateById: (id: string) => {
        tabs.find(each => each.id === id)?.show();
      }
    };
    const app = { commands, shell } as unknown as JupyterFrontEnd;
    void previewPlugin.activate(app, api, pipelines, null, null, null, null, state);
    const hide = (): void => {
      for (const tab of tabs) {
        tab.hide();
      }
    };
    return { commands, hide };
  }

  it('looks once, whether it is new, behind another, or in front', async () => {
    const { api, asked } = bench();
    const { pipelines } = await drawing(api);
    const { commands, hide } = lab(api, pipelines);
    const preview = async (): Promise<number> => {
      const tab = (await commands.execute(CommandIDs.openPreview)) as MainAreaWidget<PreviewPanel>;
      await expect.poll(() => tab.content.model.busy).toBe(false);
      return asked('GET', 'plans/7/preview').length;
    };
    expect(await preview()).toBe(1);
    hide();
    expect(await preview()).toBe(2);
    expect(await preview()).toBe(3);
  });

  it('runs what was previewed before only when it could be looked at again', async () => {
    let fails = false;
    const { api, asked } = bench({
      '/base/pm/api/plans/7/preview': () =>
        fails ? { status: 503, body: REFUSAL } : { body: PREVIEW }
    });
    const { pipelines } = await drawing(api);
    const state = new StateDB();
    await new DraftNews(state).keep(7, { before: 'r1', after: 'r2' });
    const { commands, hide } = lab(api, pipelines, state);
    await commands.execute(CommandIDs.openPreview);
    hide();
    fails = true;
    await commands.execute(CommandIDs.runPipeline);
    expect(asked('GET', 'plans/7/preview')).toHaveLength(2);
    expect(asked('POST', 'plans/7/submit')).toHaveLength(0);
    fails = false;
    await commands.execute(CommandIDs.runPipeline);
    expect(asked('GET', 'plans/7/preview')).toHaveLength(3);
    expect(asked('POST', 'plans/7/submit')).toHaveLength(1);
    // What was to be told of the draft is over with it.
    await expect.poll(async () => new DraftNews(state).of(7), { timeout: 60_000 }).toBeNull();
  });
});

describe('the run tree', () => {
  it('finds a planned run on whatever page it is, and says of one that it is not stored', async () => {
    const planned = (key: string): object => ({
      key,
      method: 'segment',
      version: 3,
      set_params: { 'segment.sigma': '2.5' }
    });
    let last = 'other';
    const { api, asked } = bench({
      '/base/pm/api/plans/7/runs': () => {
        const first = new URL(asked('GET', 'plans/7/runs').at(-1)?.url ?? '').searchParams;
        return {
          body:
            first.get('first') === '1000'
              ? { planned_runs: [planned(last)], next: null, total: 1001 }
              : { planned_runs: [planned('k0')], next: 1000, total: 1001 }
        };
      }
    });
    const model = new PreviewModel(api, 7);
    await model.load();
    const host = shown(model);
    const row = buttonFor(host, 'one, new');
    const fold = row.querySelector<HTMLElement>('.pm-Tree-fold');
    if (fold === null) {
      throw new Error('It cannot be unfolded.');
    }
    click(fold);
    expect(host.textContent).toContain('Reading…');
    await until(() => host.textContent.includes('does not have this run'));
    expect(host.textContent).not.toContain('Reading…');
    last = 'k1';
    click(fold);
    click(fold);
    await until(() => host.textContent.includes('segment v3'));
    expect(host.textContent).toContain('2.5');
  });

  it('is walked by keys, of which one leads into it, and keeps the focus where a row goes', async () => {
    const branch = (label: string): object => ({
      kind: 'branch',
      axis: 'gate',
      label,
      params: {},
      runs: [{ key: label, step: 'gate', action: 'reuse', run_id: 4, reason: '' }],
      children: []
    });
    const sample = (label: string, children: object[]): object => ({
      kind: 'sample',
      axis: null,
      label,
      params: {},
      runs: [],
      children
    });
    let nodes = [sample('s1', [branch('k=1'), branch('k=2')]), sample('s2', [branch('k=1')])];
    const preview = (): IAnswer => ({ body: { ...PREVIEW, tree: { nodes, next: null } } });
    const { api } = bench({ '/base/pm/api/plans/7/preview': preview });
    const model = new PreviewModel(api, 7);
    await model.load();
    const host = shown(model);
    const tree = host.querySelector('[role=tree]');
    const said = (): string | null | undefined =>
      document.activeElement?.getAttribute('aria-label')?.replace(/,.*/, '');
    const stops = (): string[] =>
      [...(tree?.querySelectorAll<HTMLElement>('[tabindex="0"]') ?? [])].map(each =>
        (each.getAttribute('aria-label') ?? '').replace(/,.*/, '')
      );
    const press = (...keys: string[]): void => {
      for (const key of keys) {
        act(() => {
          document.activeElement?.dispatchEvent(
            new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
          );
        });
      }
    };
    await until(() => stops().length > 0);
    // One row and what can be done with it: the rest is reached by arrows.
    expect(stops()).toEqual(['s1', 'Run again: sample s1', 'Skip s1']);
    act(() => {
      tree?.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
    });
    press('ArrowDown', 'ArrowDown');
    expect(said()).toBe('gate');
    press('ArrowLeft', 'ArrowLeft');
    expect(said()).toBe('gate: k=1');
    press('ArrowDown', 's');
    expect(said()).toBe('s2');
    press('Enter', 'ArrowRight');
    expect(said()).toBe('gate: k=1');
    press(' ');
    await until(() => (model.request.rerun?.parts?.length ?? 0) === 1);
    expect(model.request.rerun?.parts).toEqual([{ sample: 's2', branch: { gate: 'k=1' } }]);
    await until(() => !model.busy);
    press('Home', 'ArrowLeft', 'End');
    expect(said()).toBe('gate: k=1');
    press('ArrowLeft');
    expect(said()).toBe('s2');
    nodes = nodes.slice(0, 1);
    await act(async () => {
      await model.load();
    });
    await until(() => said() === 's1');
  });

  it('says whose time is only what a document says', () => {
    const estimate = { ...PREVIEW.estimate, work_seconds: 90, longest_seconds: 90 };
    const told = (more: object): string =>
      timeText({ ...PREVIEW, estimate: { ...estimate, ...more } } as never, trans);
    expect(told({})).toBe('about 2 min of work');
    expect(told({ documented_methods: ['gate'], unknown_methods: ['merge'] })).toBe(
      'about 2 min of work, gate from its workflow document, not counting merge, which never ran'
    );
  });

  it('reads its next part once, however often it is asked for', async () => {
    const { api, asked } = bench({
      '/base/pm/api/plans/7/preview': () => {
        const isNext = asked('GET', 'plans/7/preview').length > 1;
        return { body: { ...PREVIEW, tree: { ...PREVIEW.tree, next: isNext ? null : 1 } } };
      }
    });
    const model = new PreviewModel(api, 7);
    await model.load();
    await Promise.all([model.more(), model.more()]);
    expect(model.nodes).toHaveLength(2);
    expect(asked('GET', 'plans/7/preview')).toHaveLength(2);
  });
});
