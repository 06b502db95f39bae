import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import { afterEach, expect, it } from 'vitest';

import { CommandIDs } from '../../src/commands';
import { addStep } from '../../src/pipeline/edits';
import type { PipelineModel } from '../../src/pipeline/model';
import { savePipeline } from '../../src/pipeline/saving';
import { PipelineTracker } from '../../src/pipeline/tracker';
import { samplesPlugin } from '../../src/samples/plugin';
import type { Answers, IAnswer } from '../server';
import { REFUSAL } from '../server';
import { draw, drawn, methods, trans } from './drawn';

const DOCUMENT = {
  format: 1,
  name: 'cells',
  steps: { one: { method: 'segment', version: 'latest' } }
};
const TEMPLATE = {
  name: 'cells',
  methods: ['segment'],
  revision: 'r1',
  created_at: '2026-02-14T10:23:00+00:00',
  updated_at: '2026-02-14T10:23:00+00:00',
  created_by: 'me',
  document: DOCUMENT
};

function make(answers: Answers): PipelineModel {
  return drawn(answers).model;
}

/** Press a button of the dialog that comes. */
async function press(label: string): Promise<void> {
  const found = (): HTMLElement | undefined =>
    [...document.querySelectorAll<HTMLElement>('.jp-Dialog-button')].find(
      each => each.textContent === label
    );
  await expect.poll(found, { timeout: 20_000 }).toBeDefined();
  found()?.click();
}

afterEach(() => {
  Dialog.flush();
});

it('closing a pipeline that somebody else saved keeps it open when theirs is taken', async () => {
  let now = (): IAnswer => ({ body: TEMPLATE });
  const model = make({ '/base/pm/api/templates/cells': () => now() });
  await model.openTemplate('cells');
  model.commit('add mine', document =>
    addStep(document, { name: 'mine', method: 'segment' }, { x: 0, y: 0 })
  );
  const steps = { theirs: { method: 'segment', version: 'latest' } };
  const theirs = { ...TEMPLATE, revision: 'r2', document: { ...DOCUMENT, steps } };
  let calls = 0;
  now = () =>
    calls++ === 0 ? { status: 409, body: { ...REFUSAL, error: 'Conflict' } } : { body: theirs };
  const saved = savePipeline(model, trans);
  await press('Take theirs');
  expect(await saved).toBe(false);
  expect([...model.document.steps.keys()]).toEqual(['theirs']);
  model.undo();
  expect([...model.document.steps.keys()]).toEqual(['one', 'mine']);
});

it('an earlier version that would run the same is put over how the newest is drawn only when asked', async () => {
  let note: unknown = 'none asked';
  let puts = 0;
  const then = { version: 2, content_hash: 'c0ffee', note: '', saved_at: TEMPLATE.created_at };
  const newest = { ...TEMPLATE, version: 4, content_hash: 'c0ffee' };
  const model = make({
    '/base/pm/api/templates/cells/versions/2': {
      body: { ...then, saved_by: 'ada', template: newest, document: DOCUMENT }
    },
    '/base/pm/api/templates/cells': async request => {
      puts++;
      note = ((await request.json()) as { note?: unknown }).note;
      return { body: newest };
    }
  });
  await model.openTemplate('cells', 2);
  // Who saves again before there is an answer is not asked twice.
  const kept = [savePipeline(model, trans), savePipeline(model, trans)];
  await press('Cancel');
  expect(await Promise.all(kept)).toEqual([false, false]);
  expect(document.querySelector('.jp-Dialog')).toBeNull();
  expect(puts).toBe(0);
  const replaced = savePipeline(model, trans);
  await press('Replace');
  expect(await replaced).toBe(true);
  // The version stays what it was, and what was said of it.
  expect([puts, note]).toEqual([1, undefined]);
  expect(await savePipeline(model, trans)).toBe(true);
});

it.each([
  ['what the newest runs', 'Replace', 1],
  ['something else', null, 1],
  ['what nobody can tell', 'Close', 0]
])(
  'an earlier version that is changed takes the place of how the newest is drawn only when asked: %s is run',
  async (what, asked, saves) => {
    let puts = 0;
    const then = { version: 2, content_hash: '0ff1ce', note: '', saved_at: TEMPLATE.created_at };
    const newest = { ...TEMPLATE, version: 4, content_hash: 'c0ffee' };
    const model = make({
      '/base/pm/api/templates/cells/versions/2': {
        body: { ...then, saved_by: 'ada', template: newest, document: DOCUMENT }
      },
      '/base/pm/api/templates/cells': () => {
        puts++;
        return { body: newest };
      },
      '/base/pm/api/check': async request => {
        const { document } = (await request.json()) as { document: typeof DOCUMENT };
        expect(Object.keys(document.steps)).toEqual(['one', 'mine']);
        return what === 'what nobody can tell'
          ? { status: 500, body: { ...REFUSAL, error: 'Broken' } }
          : { body: { content_hash: what === 'what the newest runs' ? 'c0ffee' : 'facade' } };
      }
    });
    await model.openTemplate('cells', 2);
    draw(model, 'mine');
    const saved = savePipeline(model, trans);
    if (asked !== null) {
      await press(asked);
    }
    expect(await saved).toBe(saves === 1);
    expect(puts).toBe(saves);
  }
);

it('the samples of a plan that is looked at are not edited', async () => {
  const plan = { plan_id: 12, status: 'running', request: {}, document: DOCUMENT, steps: [] };
  const model = make({ '/base/pm/api/plans/12': { body: plan } });
  const tracker = new PipelineTracker(methods);
  tracker.add(model);
  const commands = new CommandRegistry();
  await samplesPlugin.activate(
    { commands } as unknown as JupyterFrontEnd,
    tracker,
    null,
    null,
    null
  );
  await model.view(12);
  expect(commands.isEnabled(CommandIDs.editSamples)).toBe(false);
  await commands.execute(CommandIDs.editSamples);
  expect(document.querySelector('.jp-Dialog')).toBeNull();
});
