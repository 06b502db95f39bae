import { Notification } from '@jupyterlab/apputils';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { CommandIDs } from '../../src/commands';
import { PLAN as LISTED } from '../server';
import type { PipelinePanel } from '../../src/pipeline/panel';
import type { IBench } from './bench';
import { bench } from './bench';
import { draw } from './drawn';

const PREVIEW = {
  counts: { total: 1, run: 1, reuse: 0, blocked: 0 },
  final_results: 1,
  samples: 0,
  paths: 1,
  branches: [],
  problems: [],
  steps: [],
  tree: null
};
const PLAN = {
  ...LISTED,
  plan_id: 12,
  name: 'renamed in its preview',
  status: 'running',
  request: {},
  document: { format: 1, name: 'cells', steps: { one: { method: 'segment', version: 2 } } },
  steps: [{ step: 'one', method: 'segment', version: 2, counts: { running: 1 } }]
};
const ANSWERS = {
  '/base/pm/api/preview': { body: PREVIEW },
  '/base/pm/api/plans': { body: { plans: [] } },
  '/base/pm/api/plans/12': { body: PLAN },
  '/base/pm/api/plans/12/status': { body: PLAN }
};

/** The pipeline in front, when something is drawn in it. */
async function drawing(): Promise<PipelinePanel> {
  await at.commands.execute(CommandIDs.newPipeline);
  const panel = await at.open[0]?.ready;
  if (panel === undefined || panel === null) {
    throw new Error('There is no drawing.');
  }
  draw(panel.model, 'one');
  return panel;
}

let at: IBench;
afterEach(() => {
  at.dispose();
});

describe('a plan that is shown on the canvas', () => {
  it('is looked at with its states, and asks nobody to save it', async () => {
    at = bench(ANSWERS);
    await at.commands.execute(CommandIDs.openPipeline, { viewing: 12 });
    const [tab] = at.open;
    expect(tab?.model?.viewing?.plan.plan_id).toBe(12);
    expect(tab?.model?.states.get('one')?.counts).toEqual({ running: 1 });
    expect(tab?.model?.dirty).toBe(false);
    await at.commands.execute(CommandIDs.openPipeline, { viewing: 12 });
    expect(at.open).toHaveLength(1);
    // What is drawn from it is a draft of its own.
    await at.commands.execute(CommandIDs.openPipeline, { plan: 12 });
    expect(at.open).toHaveLength(2);
    expect(at.open[1]?.model?.viewing).toBeNull();
  });

  it('is shown where it was submitted from, also after one went back to the draft', async () => {
    at = bench(ANSWERS);
    await at.commands.execute(CommandIDs.newPipeline);
    const model = at.open[0]?.model;
    await model?.view(12);
    await model?.view(null);
    await at.commands.execute(CommandIDs.openPipeline, { viewing: 12 });
    expect(at.open).toHaveLength(1);
    expect(model?.viewing?.plan.plan_id).toBe(12);
    expect(at.open[0]?.args).toMatchObject({ seen: [12], viewing: 12 });
  });
});

describe('the commands of a pipeline', () => {
  const edits = [
    CommandIDs.deleteSelection,
    CommandIDs.duplicateSelection,
    CommandIDs.cutSelection,
    CommandIDs.editTitle
  ];
  const additions = [
    CommandIDs.pasteSteps,
    CommandIDs.addComment,
    CommandIDs.addFrame,
    CommandIDs.arrange
  ];
  const enabled = (ids: readonly string[]): boolean[] => [
    ...new Set(ids.map(id => at.commands.isEnabled(id)))
  ];

  it('are offered where they can do something: not in a plan, nor for what nobody chose', async () => {
    at = bench(ANSWERS);
    const { model, canvas } = await drawing();
    model.select([]);
    expect(enabled([...edits, CommandIDs.copySelection])).toEqual([false]);
    expect(enabled(additions)).toEqual([true]);
    model.select(['one']);
    expect(enabled([...edits, CommandIDs.copySelection])).toEqual([true]);
    model.select([]);
    canvas.deeds.addComment();
    expect(enabled(edits)).toEqual([true]);
    await model.view(12);
    model.select(['one']);
    expect(enabled([...edits, ...additions])).toEqual([false]);
    expect(enabled([CommandIDs.copySelection, CommandIDs.nudge, CommandIDs.fit])).toEqual([true]);
  });

  it('do nothing by a key where nothing is chosen, of which nobody is warned', async () => {
    at = bench(ANSWERS);
    const panel = await drawing();
    const { model } = panel;
    const warned = vi.spyOn(console, 'warn').mockReturnValue(undefined);
    at.commands.addKeyBinding({
      command: CommandIDs.duplicateSelection,
      keys: ['Ctrl D'],
      selector: 'body'
    });
    const press = (): void => {
      const event = new KeyboardEvent('keydown', {
        ...{ key: 'd', code: 'KeyD', ctrlKey: true, bubbles: true, cancelable: true },
        ...{ keyCode: 68 }
      });
      document.body.addEventListener(
        'keydown',
        each => {
          at.commands.processKeydownEvent(each);
        },
        { once: true }
      );
      document.body.dispatchEvent(event);
    };
    model.select([]);
    press();
    await new Promise(resolve => setTimeout(resolve, 50));
    expect([[...model.document.steps.keys()], warned.mock.calls]).toEqual([['one'], []]);
    model.select(['one']);
    press();
    await expect.poll(() => model.document.steps.size, { timeout: 60_000 }).toBe(2);
    await model.view(12);
    press();
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(warned.mock.calls).toEqual([]);
  });

  it('open from the palette what is saved, and what is not saved yet', async () => {
    const times = { created_at: PLAN.created_at, updated_at: PLAN.created_at };
    const told = { name: 'cells', revision: 'r1', version: 1, content_hash: 'beef' };
    const template = { ...told, document: PLAN.document, ...times };
    at = bench({
      ...ANSWERS,
      '/base/pm/api/templates': { body: { templates: [template] } },
      '/base/pm/api/templates/cells': { body: template },
      '/base/pm/api/drawings': {
        body: { drawings: [{ key: 'k1', name: '', changed_at: PLAN.created_at }] }
      }
    });
    const asked = at.commands.execute(CommandIDs.openPipeline, { isPalette: true });
    const select = (): HTMLSelectElement | null => document.querySelector('.jp-Dialog select');
    await expect.poll(select, { timeout: 60_000 }).not.toBeNull();
    expect([...(select()?.options ?? [])].map(each => each.value)).toEqual([
      'cells',
      expect.stringContaining('Unnamed pipeline, not saved')
    ]);
    document.querySelector<HTMLElement>('.jp-Dialog-button.jp-mod-accept')?.click();
    await asked;
    expect(at.open[0]?.model?.template?.name).toBe('cells');
    // What is not saved is asked for as a drawing, not as the tab that it was once made in.
    const unsaved = at.commands.execute(CommandIDs.openPipeline, { isPalette: true });
    await expect.poll(select, { timeout: 60_000 }).not.toBeNull();
    const chosen = select();
    Object.assign(chosen ?? {}, { value: chosen?.options[1]?.value });
    document.querySelector<HTMLElement>('.jp-Dialog-button.jp-mod-accept')?.click();
    await unsaved;
    expect(at.open.at(-1)?.args).toMatchObject({ drawing: 'k1', isAsked: true });
  });

  it('make a file that the browser can still read when the command has ended', async () => {
    at = bench(ANSWERS);
    const { model } = await drawing();
    model.commit('name', each => ({ ...each, name: 'cells: "new"' }));
    const made: Blob[] = [];
    const revoked = vi.fn();
    vi.stubGlobal(
      'URL',
      Object.assign(class extends URL {}, {
        createObjectURL: (blob: Blob) => `blob:${made.push(blob)}`,
        revokeObjectURL: revoked
      })
    );
    const names: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (
      this: HTMLAnchorElement
    ) {
      names.push(this.download);
    });
    vi.useFakeTimers();
    await at.commands.execute(CommandIDs.exportPipeline);
    vi.advanceTimersByTime(30_000);
    expect([names, made.length]).toEqual([['cells_ _new_.json'], 1]);
    expect(revoked).not.toHaveBeenCalled();
    vi.advanceTimersByTime(30_000);
    expect(revoked).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('say what they can be given', async () => {
    at = bench(ANSWERS);
    for (const id of at.commands.listCommands()) {
      const { args } = await at.commands.describedBy(id);
      expect([id, args?.['type']]).toEqual([id, 'object']);
    }
    const { args } = await at.commands.describedBy(CommandIDs.nudge);
    expect(Object.keys(args?.['properties'] ?? {})).toEqual(['dx', 'dy']);
  });

  it('paste by menu what was copied, and say why where that cannot be', async () => {
    const warned: string[] = [];
    vi.spyOn(Notification, 'warning').mockImplementation(text => {
      warned.push(text);
      return '';
    });
    at = bench(ANSWERS);
    const panel = await drawing();
    // Not in every place: a page that came by plain HTTP has no clipboard.
    await at.commands.execute(CommandIDs.pasteSteps);
    expect(warned).toEqual([expect.stringContaining('press Ctrl+V')]);
    let held = 'some text';
    vi.stubGlobal('navigator', { clipboard: { readText: async () => Promise.resolve(held) } });
    await at.commands.execute(CommandIDs.pasteSteps);
    expect(warned[1]).toContain('no part of a pipeline');
    panel.canvas.deeds.addComment();
    await at.commands.execute(CommandIDs.selectAll);
    held = panel.edits.copy() ?? '';
    await at.commands.execute(CommandIDs.pasteSteps);
    vi.unstubAllGlobals();
    expect(warned).toHaveLength(2);
    expect(panel.model.undoName).toBe('paste 2 things');
    expect([...panel.model.selection]).toEqual(['one_2']);
    expect(panel.model.document.layout.comments).toHaveLength(2);
    expect(panel.canvas.scene.notes).toEqual(
      new Set([panel.model.document.layout.comments[1]?.id])
    );
  });
});
