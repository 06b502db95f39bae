import { StateDB } from '@jupyterlab/statedb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { ITemplate } from '../../src/api/templates';
import { TemplateConflict } from '../../src/pipeline/conflict';
import { renameStep, setParam } from '../../src/pipeline/edits';
import type { PipelineModel } from '../../src/pipeline/model';
import { UnsavedWork } from '../../src/pipeline/unsaved';
import { earlierOf } from '../../src/pipeline/versions';
import type { Answers, IAnswer } from '../server';
import { REFUSAL } from '../server';
import { draw, drawn } from './drawn';

const PREVIEW = {
  counts: { total: 26, run: 20, reuse: 6, blocked: 0 },
  final_results: 3,
  samples: 1,
  paths: 1,
  branches: [],
  problems: [],
  steps: [],
  tree: null
};

const DOCUMENT = {
  format: 1,
  name: 'cells',
  description: '',
  steps: { one: { method: 'segment', version: 'latest' } },
  layout: {}
};
const TEMPLATE = {
  name: 'cells',
  description: '',
  methods: ['segment'],
  content_hash: 'c0ffee0123',
  version: 4,
  note: '',
  revision: 'r1',
  created_at: '2026-02-14T10:23:00+00:00',
  updated_at: '2026-02-14T10:23:00+00:00',
  created_by: 'me',
  updated_by: 'you',
  document: DOCUMENT
};

function make(
  answers: Answers = {},
  state = new StateDB()
): { model: PipelineModel; requests: Request[] } {
  return drawn({ '/base/pm/api/preview': { body: PREVIEW }, ...answers }, state);
}

function isPreview(request: Request): boolean {
  return new URL(request.url).pathname.endsWith('/preview');
}

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('undo', () => {
  it('goes back to the very beginning and forward again, by name', () => {
    const { model } = make();
    const start = model.document;
    draw(model, 'one');
    draw(model, 'two');
    const end = model.document;
    expect([model.undoName, model.redoName]).toEqual(['add two', null]);
    model.undo();
    model.undo();
    expect(model.document).toBe(start);
    expect([model.undoName, model.redoName]).toEqual([null, 'add one']);
    model.redo();
    model.redo();
    expect(model.document).toBe(end);
  });

  it('takes back what the plan asks for as well', () => {
    const { model } = make();
    model.commitRequest('set samples', request => ({ ...request, samples: ['s1', 's2'] }));
    expect(model.request.samples).toEqual(['s1', 's2']);
    model.undo();
    expect(model.request.samples).toBeUndefined();
  });

  it('takes typing back in one', () => {
    const { model } = make();
    draw(model, 'one');
    for (const text of ['1', '1.', '1.5']) {
      model.commit('set sigma', each => setParam(each, 'one', 'work.sigma', text), 'sigma');
    }
    model.undo();
    expect(model.document.steps.get('one')?.params.size).toBe(0);
  });

  it('knows no edit that changed nothing', () => {
    const { model } = make();
    expect(model.commit('nothing', document => document)).toBe(false);
    expect(model.undoName).toBeNull();
  });

  it('drops a selection of what is gone', () => {
    const { model } = make();
    draw(model, 'one');
    model.select(['one', 'nobody']);
    expect([...model.selection]).toEqual(['one']);
    model.undo();
    expect(model.selection.size).toBe(0);
  });
});

describe('an earlier version of a saved pipeline', () => {
  const then = {
    template: { ...TEMPLATE, document: undefined },
    version: 2,
    content_hash: 'beef0123',
    note: 'finer',
    saved_at: '2026-02-01T10:23:00+00:00',
    saved_by: 'ada',
    document: { ...DOCUMENT, steps: { old: { method: 'segment', version: 'latest' } } }
  };

  it('is drawn as it was then, and becomes the newest when it is saved', async () => {
    const { model, requests } = make({
      '/base/pm/api/templates/cells/versions/2': { body: then },
      '/base/pm/api/templates/cells': { body: { ...TEMPLATE, revision: 'r2', version: 5 } }
    });
    await model.openTemplate('cells', 2);
    expect([...model.document.steps.keys()]).toEqual(['old']);
    expect(model.dirty).toBe(false);
    expect(earlierOf(model.template)).toMatchObject({ version: 2, newest: 4, note: 'finer' });
    await model.save();
    const put = requests.find(each => each.method === 'PUT');
    expect(await put?.json()).toMatchObject({
      expected: 'r1',
      note: 'version 2 again',
      document: { steps: { old: { method: 'segment' } } }
    });
    expect(model.template?.version).toMatchObject({ version: 5, newest: 5 });
    expect(earlierOf(model.template)).toBeNull();
  });

  it('comes back with what was changed of it, and says nothing of its own when that is saved', async () => {
    const state = new StateDB();
    const answers = {
      '/base/pm/api/templates/cells/versions/2': { body: then },
      '/base/pm/api/templates/cells': { body: TEMPLATE }
    };
    const first = make(answers, state);
    await first.model.openTemplate('cells', 2);
    draw(first.model, 'more');
    await first.model.keepNow();
    const { model, requests } = make(answers, state);
    await model.openUnsaved();
    expect([...model.document.steps.keys()]).toEqual(['old', 'more']);
    expect(earlierOf(model.template)).toMatchObject({ version: 2, saved_by: 'ada' });
    await model.save();
    const put = requests.find(each => each.method === 'PUT');
    expect(await put?.json()).not.toHaveProperty('note');
  });
});

it('what is drawn is no more the newest version where that of somebody else is kept out', async () => {
  let found = TEMPLATE;
  const { model } = make({ '/base/pm/api/templates/cells': () => ({ body: found }) });
  await model.openTemplate('cells');
  expect(earlierOf(model.template)).toBeNull();
  found = { ...TEMPLATE, revision: 'r2', version: 5, content_hash: 'beef0123' };
  await model.lookForTheirs();
  model.ignoreTheirs();
  // By this a tab says which version it shows; saving asks all the same.
  expect(earlierOf(model.template)).toMatchObject({ version: 4, newest: 5 });
  expect(model.template?.revision).toBe('r1');
  found = { ...found, revision: 'r3', version: 6 };
  await model.lookForTheirs();
  model.ignoreTheirs();
  expect(earlierOf(model.template)).toMatchObject({ version: 4, newest: 6 });
});

describe('the saved mark', () => {
  it('is there until it is saved, and comes back with undo', async () => {
    const { model, requests } = make({ '/base/pm/api/templates/cells': { body: TEMPLATE } });
    draw(model, 'one');
    expect(model.dirty).toBe(true);
    await model.save('cells');
    expect(model.dirty).toBe(false);
    expect(model.template).toMatchObject({ name: 'cells', revision: 'r1' });
    const put = requests.find(each => each.method === 'PUT');
    expect(await put?.json()).toMatchObject({ expected: null, document: { name: 'cells' } });
    draw(model, 'two');
    expect(model.dirty).toBe(true);
    model.undo();
    expect(model.dirty).toBe(false);
  });

  it('is not there after opening', async () => {
    const { model } = make({ '/base/pm/api/templates/cells': { body: TEMPLATE } });
    await model.openTemplate('cells');
    expect(model.dirty).toBe(false);
    expect(model.document.layout.steps.has('one')).toBe(true);
  });

  it('stays when somebody else saved meanwhile, and both versions are there', async () => {
    let answer: IAnswer = { body: TEMPLATE };
    const { model } = make({ '/base/pm/api/templates/cells': () => answer });
    await model.openTemplate('cells');
    draw(model, 'mine');
    answer = { status: 409, body: { ...REFUSAL, error: 'Conflict' } };
    const put = model.save();
    await expect(put).rejects.toThrow();
    expect(model.dirty).toBe(true);
    expect(model.document.steps.has('mine')).toBe(true);
  });

  it('says what the refusal says where nobody else saved meanwhile', async () => {
    const { model } = make({
      '/base/pm/api/templates/cells': request =>
        request.method === 'PUT'
          ? { status: 409, body: { ...REFUSAL, error: 'Conflict' } }
          : { body: TEMPLATE }
    });
    await model.openTemplate('cells');
    draw(model, 'mine');
    await expect(model.save()).rejects.toMatchObject({ name: 'Refused', status: 409 });
  });

  it('hands over theirs, which undo turns into mine again', async () => {
    const theirs = {
      ...TEMPLATE,
      revision: 'r2',
      document: { ...DOCUMENT, steps: { theirs: { method: 'gate' } } }
    };
    const { model } = make({ '/base/pm/api/templates/cells': { body: TEMPLATE } });
    await model.openTemplate('cells');
    draw(model, 'mine');
    model.takeTheirs(theirs as never);
    expect([...model.document.steps.keys()]).toEqual(['theirs']);
    expect(model.dirty).toBe(false);
    model.undo();
    expect([...model.document.steps.keys()]).toEqual(['one', 'mine']);
    expect(model.dirty).toBe(true);
  });

  it('knows what somebody else saved meanwhile, until it is taken, ignored or saved over', async () => {
    let now: IAnswer = { body: TEMPLATE };
    const { model } = make({ '/base/pm/api/templates/cells': () => now });
    await model.openTemplate('cells');
    await model.lookForTheirs();
    expect(model.theirs).toBeNull();
    const steps = { two: { method: 'segment', version: 'latest' } };
    now = { body: { ...TEMPLATE, revision: 'r2', document: { ...DOCUMENT, steps } } };
    draw(model, 'mine');
    await model.lookForTheirs();
    expect(model.theirs).toMatchObject({ revision: 'r2' });
    // Kept: not asked about again, but another revision is.
    model.ignoreTheirs();
    await model.lookForTheirs();
    expect(model.theirs).toBeNull();
    now = { body: { ...TEMPLATE, revision: 'r3', document: { ...DOCUMENT, steps } } };
    await model.lookForTheirs();
    expect(model.theirs).toMatchObject({ revision: 'r3' });
    // Taken: undo brings back what was drawn.
    model.takeTheirs(model.theirs as ITemplate);
    expect([...model.document.steps.keys()]).toEqual(['two']);
    expect([model.theirs, model.dirty, model.template?.revision]).toEqual([null, false, 'r3']);
    model.undo();
    expect([...model.document.steps.keys()]).toEqual(['one', 'mine']);
    now = { status: 404, body: REFUSAL };
    await model.lookForTheirs();
    expect(model.theirs).toBe('deleted');
    // A server that is away says nothing about what is saved.
    now = { status: 503, body: REFUSAL };
    await expect(model.lookForTheirs()).rejects.toThrow();
    expect(model.theirs).toBe('deleted');
  });

  it('is there as soon as what is saved is gone or kept out, and the work is kept', async () => {
    const state = new StateDB();
    let now: IAnswer = { body: TEMPLATE };
    const answers = { '/base/pm/api/templates/cells': (): IAnswer => now };
    const { model } = make(answers, state);
    await model.openTemplate('cells');
    now = { status: 404, body: REFUSAL };
    await model.lookForTheirs();
    expect(model.dirty).toBe(true);
    await model.keepNow();
    const after = make(answers, state).model;
    await after.openUnsaved();
    expect([[...after.document.steps.keys()], after.dirty]).toEqual([['one'], true]);
    // Renamed back: it is what was seen.
    now = { body: TEMPLATE };
    await model.lookForTheirs();
    expect(model.dirty).toBe(false);
    now = { body: { ...TEMPLATE, revision: 'r2' } };
    await model.lookForTheirs();
    model.ignoreTheirs();
    expect([model.theirs, model.dirty]).toEqual([null, true]);
    // Renamed here: the look of before it says nothing.
    now = { status: 404, body: REFUSAL };
    await model.lookForTheirs();
    model.renamed({ name: 'tissue', revision: 'r3' });
    expect([model.theirs, model.dirty]).toEqual([null, false]);
  });

  it('is not there for samples alone, nor after a reload', async () => {
    const state = new StateDB();
    const answers = { '/base/pm/api/templates/cells': { body: TEMPLATE } };
    const { model } = make(answers, state);
    await model.openTemplate('cells');
    model.commitRequest('set samples', request => ({ ...request, samples: ['s1'] }));
    await model.keepNow();
    const after = make(answers, state).model;
    expect(await after.openUnsaved()).not.toBeNull();
    expect(after.request.samples).toEqual(['s1']);
    expect(after.dirty).toBe(false);
  });

  it('goes with the second of two savings, whatever is still on its way', async () => {
    const waiting: (() => void)[] = [];
    let revision = 1;
    const { model, requests } = make({
      '/base/pm/api/templates/cells': async () => {
        await new Promise<void>(resolve => waiting.push(resolve));
        return { body: { ...TEMPLATE, revision: `r${revision++}` } };
      }
    });
    draw(model, 'one');
    const first = model.save('cells');
    draw(model, 'two');
    const second = model.save('cells');
    const look = model.lookForTheirs();
    for (let n = 0; n < 3; n++) {
      await expect.poll(() => waiting.length).toBe(1);
      revision = n === 2 ? 2 : revision;
      waiting.pop()?.();
    }
    await Promise.all([first, second, look]);
    const bodies = await Promise.all(
      requests.flatMap(each => (each.method === 'PUT' ? [each.json() as Promise<unknown>] : []))
    );
    expect(bodies).toMatchObject([{ expected: null }, { expected: 'r1' }]);
    expect([model.theirs, model.dirty, model.template?.revision]).toEqual([null, false, 'r2']);
  });

  it('keeps the name where it could not be saved under another', async () => {
    const { model } = make({
      '/base/pm/api/templates/cells': { body: TEMPLATE },
      '/base/pm/api/templates/tissue': { status: 409, body: { ...REFUSAL, error: 'Conflict' } }
    });
    await model.openTemplate('cells');
    await expect(model.save('tissue')).rejects.toThrow();
    expect([model.name, model.dirty, model.template?.name]).toEqual(['cells', false, 'cells']);
  });

  it('takes theirs only where it can be read, and says of what is lost', async () => {
    const { model } = make({ '/base/pm/api/templates/cells': { body: TEMPLATE } });
    await model.openTemplate('cells');
    draw(model, 'mine');
    const newer = { ...TEMPLATE, revision: 'r2', document: { ...DOCUMENT, format: 2 } };
    expect(() => {
      model.takeTheirs(newer as never);
    }).toThrow('newer program');
    expect([model.document.steps.has('mine'), model.template?.revision]).toEqual([true, 'r1']);
    const steps = { one: 'no step', two: { method: 'segment', version: 'latest' } };
    const broken = { ...TEMPLATE, revision: 'r3', document: { ...DOCUMENT, steps } };
    model.takeTheirs(broken as never);
    expect(model.lost.length).toBeGreaterThan(0);
    expect(model.dirty).toBe(true);
  });

  it('takes what is saved, or begins anew, and undo brings back what was there', async () => {
    const state = new StateDB();
    const stored = { plan_id: 7, revision: 'd1', status: 'draft', preview: PREVIEW };
    const { model } = make(
      {
        '/base/pm/api/templates/cells': { body: TEMPLATE },
        '/base/pm/api/plans': { status: 201, body: stored }
      },
      state
    );
    await model.openTemplate('cells');
    draw(model, 'mine');
    model.commitRequest('set samples', request => ({ ...request, samples: ['s1'] }));
    await model.takeSaved();
    expect([[...model.document.steps.keys()], model.request, model.dirty]).toEqual([
      ['one'],
      {},
      false
    ]);
    model.undo();
    expect([...model.document.steps.keys()]).toEqual(['one', 'mine']);
    expect([model.request.samples, model.dirty]).toEqual([['s1'], true]);

    const anew = make({ '/base/pm/api/plans': { status: 201, body: stored } }).model;
    draw(anew, 'mine');
    await anew.storeDraft();
    await anew.takeSaved();
    expect([anew.document.steps.size, anew.draftPlan, anew.dirty]).toEqual([0, null, false]);
    anew.undo();
    expect([...anew.document.steps.keys()]).toEqual(['mine']);
  });

  it('tells a conflict with what is saved now', () => {
    expect(new TemplateConflict(null, 'cells').message).toContain('cells');
  });
});

describe('the server', () => {
  it('is asked once after several edits, and not for the drawing alone', async () => {
    const { model, requests } = make();
    draw(model, 'one');
    draw(model, 'two');
    await vi.advanceTimersByTimeAsync(500);
    await expect.poll(() => model.preview?.counts.total).toBe(26);
    expect(requests.filter(isPreview)).toHaveLength(1);
    model.commit('move', document => ({
      ...document,
      layout: { ...document.layout, steps: new Map([['one', { x: 99, y: 99 }]]) }
    }));
    await vi.advanceTimersByTimeAsync(500);
    expect(requests.filter(isPreview)).toHaveLength(1);
    expect(model.isChecked).toBe(true);
  });

  it('that does not answer is told, and the drawing stays', async () => {
    const { model } = make({ '/base/pm/api/preview': { status: 503, body: REFUSAL } });
    draw(model, 'one');
    await vi.advanceTimersByTimeAsync(500);
    await expect.poll(() => model.checkError).toMatchObject({ status: 503 });
    expect(model.document.steps.size).toBe(1);
  });

  it('stores the draft once and changes it afterwards', async () => {
    const stored = { plan_id: 7, revision: 'd1', status: 'draft', preview: PREVIEW };
    const { model, requests } = make({
      '/base/pm/api/plans': { status: 201, body: stored },
      '/base/pm/api/plans/7': { body: { ...stored, revision: 'd2', changes: [] } }
    });
    draw(model, 'one');
    await model.storeDraft();
    expect(model.draftPlan).toBe(7);
    await model.storeDraft();
    const put = requests.find(each => each.method === 'PUT');
    expect(await put?.json()).toMatchObject({ expected: 'd1' });
  });

  it('that has submitted the draft meanwhile gets a new one', async () => {
    let plan = 7;
    const { model } = make({
      '/base/pm/api/plans': () => ({ status: 201, body: { plan_id: plan++, revision: 'd' } }),
      '/base/pm/api/plans/7': { status: 409, body: { ...REFUSAL, error: 'Conflict' } }
    });
    draw(model, 'one');
    await model.storeDraft();
    await model.storeDraft();
    expect(model.draftPlan).toBe(8);
  });
});

describe('unsaved work', () => {
  it('comes back after a reload, with its origin and its samples', async () => {
    const state = new StateDB();
    const answers = { '/base/pm/api/templates/cells': { body: TEMPLATE } };
    const before = make(answers, state).model;
    await before.openTemplate('cells');
    draw(before, 'two');
    before.commitRequest('set samples', request => ({ ...request, samples: ['s1'] }));
    await before.keepNow();
    const after = make(answers, state).model;
    expect(await after.openUnsaved()).not.toBeNull();
    expect([...after.document.steps.keys()]).toEqual(['one', 'two']);
    expect(after.request.samples).toEqual(['s1']);
    expect(after.template).toMatchObject({ name: 'cells', revision: 'r1' });
    expect(after.dirty).toBe(true);
  });

  it('is kept by itself a moment after an edit, finished or not', async () => {
    const state = new StateDB();
    const { model } = make({}, state);
    draw(model, 'one');
    await vi.advanceTimersByTimeAsync(1000);
    await expect.poll(async () => make({}, state).model.openUnsaved()).not.toBeNull();
  });

  it('leaves the samples of a saved pipeline for the next time it is opened', async () => {
    const state = new StateDB();
    const answers = { '/base/pm/api/templates/cells': { body: TEMPLATE } };
    const { model } = make(answers, state);
    await model.openTemplate('cells');
    model.commitRequest('set samples', request => ({ ...request, samples: ['s1'] }));
    await model.discard();
    model.dispose();
    const next = make(answers, state).model;
    expect(await next.openUnsaved()).toBeNull();
    await next.openTemplate('cells');
    expect(next.request.samples).toEqual(['s1']);
    expect(next.dirty).toBe(false);
  });

  it('leaves nothing that was meant for one plan, nor what was not to be saved', async () => {
    const state = new StateDB();
    const answers = { '/base/pm/api/templates/cells': { body: TEMPLATE } };
    const { model } = make(answers, state);
    await model.openTemplate('cells');
    model.commitRequest('set all', () => ({
      samples: ['s1'],
      branches: { one: null },
      until: 'one',
      excluded: [{ sample: 's1' }],
      rerun: { all: true }
    }));
    await model.keepNow();
    draw(model, 'two');
    model.commitRequest('set samples', request => ({ ...request, samples: ['s2'] }));
    await model.keepNow();
    await model.discard();
    model.dispose();
    const next = make(answers, state).model;
    await next.openTemplate('cells');
    expect(next.request).toEqual({ samples: ['s1'], branches: { one: null } });
  });

  it('keeps the samples of a saved pipeline by its new name, and not when it is deleted', async () => {
    const unsaved = new UnsavedWork(new StateDB());
    await unsaved.keepRequest('cells', { samples: ['s1'] });
    await unsaved.renameRequest('cells', 'tissue');
    expect(await unsaved.requestOf('cells')).toBeUndefined();
    expect(await unsaved.requestOf('tissue')).toEqual({ samples: ['s1'] });
    await unsaved.forgetRequest('tissue');
    expect(await unsaved.requestOf('tissue')).toBeUndefined();
  });

  it('is gone when the tab was closed on purpose', async () => {
    const state = new StateDB();
    const { model } = make({}, state);
    draw(model, 'one');
    await model.keepNow();
    await model.discard();
    model.dispose();
    expect(await make({}, state).model.openUnsaved()).toBeNull();
  });
});

describe('a plan that is looked at', () => {
  const PLAN = {
    plan_id: 12,
    status: 'running',
    request: { samples: ['s1'] },
    document: DOCUMENT,
    steps: [{ step: 'one', method: 'segment', version: 2, counts: { completed: 3 } }]
  };

  it('is shown with its states and cannot be changed; the draft is untouched', async () => {
    const { model } = make({ '/base/pm/api/plans/12': { body: PLAN } });
    draw(model, 'mine');
    const drawn = model.document;
    await model.view(12);
    expect(model.readOnly).toBe(true);
    expect([...model.document.steps.keys()]).toEqual(['one']);
    expect(model.states.get('one')?.counts).toEqual({ completed: 3 });
    expect(model.commit('no', document => setParam(document, 'one', 'work.sigma', '1'))).toBe(
      false
    );
    expect(model.undoName).toBeNull();
    await model.view(null);
    expect(model.document).toBe(drawn);
  });

  it('is left when what is saved is taken', async () => {
    const { model } = make({ '/base/pm/api/plans/12': { body: PLAN } });
    draw(model, 'mine');
    await model.view(12);
    model.takeTheirs({ ...TEMPLATE, revision: 'r2' } as never);
    expect([model.viewing, model.template?.revision]).toEqual([null, 'r2']);
    expect([...model.document.steps.keys()]).toEqual(['one']);
    model.undo();
    expect([...model.document.steps.keys()]).toEqual(['mine']);
  });

  it('of a newer program is shown, and neither saved nor run', async () => {
    const { model, requests } = make();
    model.openDocument({ ...DOCUMENT, format: 2 });
    expect(model.readOnly).toBe(true);
    await expect(model.storeDraft()).rejects.toThrow('written by a newer program');
    expect(requests.filter(each => new URL(each.url).pathname.endsWith('/plans'))).toEqual([]);
    expect(model.commitDraft('no', draft => renameStep(draft, 'one', 'two'))).toBe(false);
  });
});
