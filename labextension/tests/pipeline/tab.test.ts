import { Notification, ReactWidget } from '@jupyterlab/apputils';
import { StateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';
import { createElement } from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import { Api } from '../../src/api/api';
import { Catalogue } from '../../src/pipeline/catalogue';
import { addStep } from '../../src/pipeline/edits';
import type { ITabArgs } from '../../src/pipeline/tab';
import { isSame, PipelineTab } from '../../src/pipeline/tab';
import { PipelineTracker } from '../../src/pipeline/tracker';
import { UnsavedWork } from '../../src/pipeline/unsaved';
import { fakeContexts } from '../canvas/context';
import type { Answers, IAnswer } from '../server';
import { REFUSAL, server, STATUS } from '../server';
import { catalogue } from './catalogue';

const methods = await catalogue();
const DOCUMENT = { format: 1, name: 'cells', steps: { one: { method: 'segment', version: 2 } } };
const PLAN = {
  plan_id: 12,
  status: 'running',
  created_at: '2026-02-14T10:23:00+00:00',
  submitted_at: '2026-02-14T10:24:00+00:00',
  request: {},
  document: DOCUMENT
};

let tab: PipelineTab;

function open(state: StateDB, answers: Answers = {}, args: ITabArgs = { key: 'tab' }): PipelineTab {
  fakeContexts();
  const { settings } = server({
    '/base/pm/api/status': { body: STATUS },
    '/base/pm/api/preview': { status: 503, body: REFUSAL },
    ...answers
  });
  tab = new PipelineTab({
    args,
    api: new Api(settings),
    commands: new CommandRegistry(),
    trans: nullTranslator.load(''),
    themes: null,
    state,
    live: null,
    tracker: new PipelineTracker(methods),
    save: async () => Promise.resolve(true)
  });
  Widget.attach(tab, document.body);
  return tab;
}

afterEach(() => {
  tab.dispose();
});

it('what was drawn a moment ago is kept when the page goes', async () => {
  const state = new StateDB();
  const panel = await open(state).ready;
  panel?.model.commit('add one', each =>
    addStep(each, { name: 'one', method: 'segment' }, { x: 0, y: 0 })
  );
  window.dispatchEvent(new Event('pagehide'));
  // Sooner than the pause after an edit ends.
  const kept = async (): Promise<unknown> => new UnsavedWork(state).load('tab');
  await expect.poll(kept, { timeout: 500, interval: 20 }).toMatchObject({
    document: { steps: { one: { method: 'segment' } } }
  });
});

it('a view that nobody chose is not brought back: the whole is shown in the room that there is then', async () => {
  const panel = await open(
    new StateDB(),
    {
      '/base/pm/api/templates/cells': {
        body: {
          name: 'cells',
          revision: 'r1',
          version: 1,
          content_hash: 'beef',
          document: DOCUMENT
        }
      }
    },
    { key: 'tab', template: 'cells' }
  ).ready;
  expect(tab.args).toMatchObject({ template: 'cells', view: undefined });
  const view = { x: 10, y: 20, scale: 0.5 };
  Object.assign(panel?.canvas ?? {}, { view });
  expect(tab.args.view).toEqual(view);
});

it('a drawing that only this browser keeps is named where that is said', async () => {
  const warned: string[] = [];
  vi.spyOn(Notification, 'warning').mockImplementation(text => {
    warned.push(text);
    return '';
  });
  const message = 'There are 500 drawings that are not saved: no more are kept.';
  const panel = await open(new StateDB(), {
    '/base/pm/api/drawings/tab': {
      status: 422,
      body: { ...REFUSAL, error: 'InvalidInput', message }
    }
  }).ready;
  panel?.model.commit('add one', each =>
    addStep({ ...each, name: 'cells' }, { name: 'one', method: 'segment' }, { x: 0, y: 0 })
  );
  await panel?.model.keepNow();
  await expect
    .poll(() => warned)
    .toEqual([expect.stringMatching(/^"cells" is kept in this browser only: .*500 drawings/)]);
});

it('the runs that are unfolded go with their tab', async () => {
  const steps = [{ step: 'one', method: 'segment', version: 2, counts: { waiting: 3 } }];
  const panel = await open(new StateDB(), {
    '/base/pm/api/plans/12': { body: { ...PLAN, steps } },
    '/base/pm/api/runs': { body: { runs: [], next: null } }
  }).ready;
  await panel?.model.view(12);
  panel?.model.select(['one']);
  panel?.toggleRuns();
  expect(document.querySelector('.pm-Unfolded')).not.toBeNull();
  const heard = document.removeEventListener.bind(document);
  const ended: string[] = [];
  document.removeEventListener = (type: string, ...rest: [never, never]): void => {
    ended.push(type);
    heard(type, ...rest);
  };
  tab.dispose();
  document.removeEventListener = heard;
  expect(ended).toContain('focusin');
});

it('what is cut, copied or duplicated is the row that has the focus, as it is what Delete takes', async () => {
  vi.stubGlobal(
    'ClipboardEvent',
    class extends Event {
      readonly clipboardData = { setData: (_: string, text: string) => (clipboard = text) };
    }
  );
  let clipboard = '';
  const panel = await open(new StateDB()).ready;
  const model = panel?.model;
  for (const name of ['one', 'two', 'three']) {
    model?.commit(`add ${name}`, each =>
      addStep(each, { name, method: 'segment' }, { x: 0, y: 0 })
    );
  }
  Object.assign(panel ?? {}, { isTableShown: true });
  const row = (name: string): HTMLElement | null =>
    document.querySelector(`[data-pm-step=${name}] button`);
  const steps = (): string[] => [...(model?.document.steps.keys() ?? [])];
  await expect.poll(() => row('three'), { timeout: 60_000 }).not.toBeNull();
  model?.select(['one']);
  row('two')?.focus();
  document.dispatchEvent(new ClipboardEvent('copy'));
  expect(Object.keys((JSON.parse(clipboard) as { steps: object }).steps)).toEqual(['two']);
  model?.select(['one']);
  document.dispatchEvent(new ClipboardEvent('cut'));
  expect(steps()).toEqual(['one', 'three']);
  model?.select(['one']);
  row('three')?.focus();
  panel?.edits.duplicate();
  expect(steps()).toHaveLength(3);
  expect(steps().at(-1)).toContain('three');
  // Of several that are selected it takes all, wherever among them the focus is.
  model?.select(['one', 'three']);
  row('three')?.focus();
  panel?.edits.duplicate();
  expect(steps()).toHaveLength(5);
  vi.unstubAllGlobals();
});

it('the step table is drawn while it is seen, and has the focus as soon as it is', async () => {
  const panel = await open(new StateDB()).ready;
  panel?.model.commit('add one', each =>
    addStep(each, { name: 'one', method: 'segment' }, { x: 0, y: 0 })
  );
  panel?.model.select(['one']);
  const toggle = async (): Promise<number> => {
    Object.assign(panel ?? {}, { isTableShown: panel?.isTableShown !== true });
    await new Promise(resolve => setTimeout(resolve, 0));
    return tab.node.querySelectorAll('.pm-StepTable-details').length;
  };
  await expect
    .poll(() => tab.node.querySelector('.pm-PipelineBar'), { timeout: 60_000 })
    .not.toBeNull();
  expect(tab.node.querySelector('.pm-StepTable-body')).toBeNull();
  // Its place on the page is made a moment after that of the bar, and before what comes later.
  const later = ReactWidget.create(createElement('p'));
  Widget.attach(later, document.body);
  await expect.poll(() => later.node.firstChild, { timeout: 60_000 }).not.toBeNull();
  later.dispose();
  Object.assign(panel ?? {}, { isTableShown: true });
  expect(document.activeElement?.closest('.pm-StepTable')).not.toBeNull();
  expect(tab.node.querySelectorAll('.pm-StepTable-details')).toHaveLength(1);
  expect(await toggle()).toBe(0);
  expect(await toggle()).toBe(1);
});

it('a plan to look at is chosen by its number and state, also one that its preview named', async () => {
  const plan = { ...PLAN, name: 'cells', steps: [] };
  const renamed = { ...plan, plan_id: 11, name: 'of tissue' };
  const old = { ...plan, plan_id: 3, name: 'of cells', status: 'completed' };
  const asked: (string | null)[] = [];
  const panel = await open(new StateDB(), {
    '/base/pm/api/plans': request => {
      const { searchParams: query } = new URL(request.url);
      asked.push(query.get('pipeline'));
      expect(query.getAll('status')).not.toContain('draft');
      return { body: { plans: [plan, renamed], before: null } };
    },
    '/base/pm/api/plans/11/status': { body: renamed },
    '/base/pm/api/plans/12': { body: plan },
    '/base/pm/api/plans/11': { body: renamed },
    '/base/pm/api/plans/3': { body: old },
    '/base/pm/api/plans/3/status': { body: old }
  }).ready;
  for (const each of [3, 11, null]) {
    await panel?.model.view(each);
  }
  // Of all that have no name it is none: what was looked at in it is its own.
  const offered = async (): Promise<string[]> => {
    const chosen = panel?.choosePlan();
    await expect.poll(select, { timeout: 20_000 }).not.toBeNull();
    const texts = [...(select()?.options ?? [])].map(each => each.value);
    document.querySelector<HTMLElement>('.jp-Dialog-button.jp-mod-reject')?.click();
    await chosen;
    return texts;
  };
  const select = (): HTMLSelectElement | null => document.querySelector('.jp-Dialog select');
  expect(await offered()).toEqual(['draft', 'plan 11 (running)', 'plan 3 (completed)']);
  expect(asked).toEqual([]);
  panel?.model.commit('name', document => ({ ...document, name: 'cells' }));
  expect(await offered()).toEqual([
    'draft',
    'plan 12 (running)',
    'plan 11 (running)',
    'plan 3 (completed)'
  ]);
  expect(asked).toEqual(['cells']);
  const choosing = panel?.choosePlan();
  await expect.poll(select, { timeout: 20_000 }).not.toBeNull();
  Object.assign(select() ?? {}, { value: 'plan 12 (running)' });
  document.querySelector<HTMLElement>('.jp-Dialog-button.jp-mod-accept')?.click();
  await choosing;
  await expect.poll(() => panel?.model.viewing?.plan.plan_id).toBe(12);
});

it('methods that have arrived are not called missing by a question of before', async () => {
  const waiting: ((answer: IAnswer) => void)[] = [];
  const { settings } = server({
    '/base/pm/api/methods': () => new Promise<IAnswer>(resolve => waiting.push(resolve))
  });
  const list = new Catalogue(new Api(settings));
  const old = list.refresh();
  await expect.poll(() => waiting.length).toBe(1);
  const young = list.refresh();
  await expect.poll(() => waiting.length).toBe(2);
  waiting[1]?.({ body: { methods: [] } });
  await young;
  waiting[0]?.({ status: 503, body: REFUSAL });
  await old;
  expect([list.isLoaded, list.error]).toEqual([true, null]);
});

it('an error while a drawing opens throws nothing of it away', async () => {
  class Failing extends StateDB {
    override async fetch(id: string): ReturnType<StateDB['fetch']> {
      return id.startsWith('pm-draft-news')
        ? Promise.reject(new Error('The state cannot be read.'))
        : super.fetch(id);
    }
  }
  const draft = { plan: 12, revision: 'd1' };
  const kept = { document: DOCUMENT, request: {}, template: null, draft, time: 'then' };
  const state = new Failing();
  await state.save('pm-unsaved:tab', kept);
  await state.save('pm-drawings:tab', { key: 'tab', revision: 'r1', time: 'then' });
  const asked: string[] = [];
  const drawing = (request: Request): IAnswer => {
    asked.push(request.method);
    return { body: { key: 'tab' } };
  };
  expect(await open(state, { '/base/pm/api/drawings/tab': drawing }).ready).toBeNull();
  expect(tab.node.textContent).toContain('The state cannot be read.');
  tab.dispose();
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(asked).toEqual([]);
  expect(await state.fetch('pm-unsaved:tab')).toMatchObject({ time: 'then' });
});

it('a drawing that was asked for and cannot be had is explained, and is not an empty one', async () => {
  const message = "There is no unsaved drawing 'gone'.";
  const missing = { status: 404, body: { ...REFUSAL, error: 'NotFound', message } };
  const strange = { body: { key: 'strange', revision: 'r1', content: { document: 1 } } };
  const answers = {
    '/base/pm/api/drawings/gone': missing,
    '/base/pm/api/drawings/strange': strange
  };
  for (const [drawing, why] of [
    ['gone', message],
    ['strange', 'no pipeline that this page can read']
  ] as const) {
    const asked = { key: drawing, drawing, isAsked: true };
    expect(await open(new StateDB(), answers, asked).ready).toBeNull();
    expect(tab.node.querySelector('[role=alert]')?.textContent).toContain(why);
    tab.dispose();
  }
});

it('a drawing that is asked for is looked for by its own key, not by that of a tab', () => {
  const moved = { key: 'a', drawing: 'b' };
  expect(isSame(moved, { key: 'x', drawing: 'b', isAsked: true })).toBe(true);
  expect(isSame(moved, { key: 'a', drawing: 'a', isAsked: true })).toBe(false);
  expect(isSame({ key: 'a' }, { key: 'a', drawing: 'a', isAsked: true })).toBe(true);
});
