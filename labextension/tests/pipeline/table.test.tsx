import { UseSignal } from '@jupyterlab/apputils';
import { StateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Api } from '../../src/api/api';
import { portChoices } from '../../src/canvas/offers';
import { Overview } from '../../src/inspector/overview';
import type { Binding } from '../../src/pipeline/document';
import { addStep, setBinding } from '../../src/pipeline/edits';
import { columnOf } from '../../src/pipeline/links';
import { PipelineModel } from '../../src/pipeline/model';
import { isSame } from '../../src/pipeline/tab';
import { StepTable } from '../../src/pipeline/table';
import { UnsavedWork } from '../../src/pipeline/unsaved';
import schema from '../../schema/pipeline.json';
import { server } from '../server';
import { catalogue, input } from './catalogue';

const trans = nullTranslator.load('');
const methods = await catalogue();
const PREVIEW = { counts: { total: 26, run: 20, reuse: 6, blocked: 0 }, problems: [], samples: 1 };
const PLAN = {
  plan_id: 12,
  status: 'running',
  request: {},
  document: { format: 1, steps: { one: { method: 'segment' } } },
  steps: []
};

let fresh: number;
let model: PipelineModel;
let host: HTMLElement;
let root: Root;

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  fresh = 19;
  const { settings } = server({
    '/base/pm/api/preview': () => ({
      body: { ...PREVIEW, counts: { ...PREVIEW.counts, run: ++fresh } }
    }),
    '/base/pm/api/plans/12': { body: PLAN }
  });
  model = new PipelineModel({
    api: new Api(settings),
    catalogue: methods,
    unsaved: new UnsavedWork(new StateDB()),
    key: 'tab',
    trans
  });
  host = document.createElement('div');
  host.className = 'pm-Pipeline';
  document.body.append(host);
  root = createRoot(host);
});

afterEach(() => {
  act(() => {
    root.unmount();
  });
  host.remove();
  model.dispose();
});

function draw(name: string, method: string): void {
  act(() => {
    model.commit(`add ${name}`, each => addStep(each, { name, method }, { x: 0, y: 0 }));
  });
}

function show(render: () => React.JSX.Element): void {
  act(() => {
    root.render(
      <UseSignal signal={model.changed}>
        {() => (
          <UseSignal signal={model.checked}>
            {() => <UseSignal signal={model.selectionChanged}>{render}</UseSignal>}
          </UseSignal>
        )}
      </UseSignal>
    );
  });
}

function showTable(): void {
  show(() => (
    <StepTable
      api={new Api(server({}).settings)}
      model={model}
      commands={new CommandRegistry()}
      trans={trans}
      leave={() => undefined}
    />
  ));
}

function field(label: string): HTMLInputElement {
  const found = [...host.querySelectorAll<HTMLInputElement>('input, select')].find(
    each =>
      each.getAttribute('aria-label') === label ||
      each.labels?.[0]?.firstElementChild?.textContent === label
  );
  if (found === undefined) {
    throw new Error(`There is no field "${label}".`);
  }
  return found;
}

function type(into: HTMLInputElement, text: string): void {
  act(() => {
    into.focus();
    Reflect.set(HTMLInputElement.prototype, 'value', text, into);
    into.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

function choose(label: string, value: string): void {
  act(() => {
    const select = field(label) as unknown as HTMLSelectElement;
    select.value = value;
    select.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

function press(key: string, more: KeyboardEventInit = {}): void {
  act(() => {
    document.activeElement?.dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
    );
  });
}

function bound(step: string, name: string): Binding | undefined {
  return model.document.steps.get(step)?.inputs.get(name);
}

const OVER_SAMPLES = { over: ['sample'], by: [], onFailure: 'wait' };

describe('a column of the samples', () => {
  it('is gathered where a list is expected, and stays as it was said', () => {
    const list = input('tables', { gather: true });
    expect(columnOf('a', list, undefined)).toMatchObject({ column: 'a', gather: OVER_SAMPLES });
    expect(columnOf('a', input('one'), undefined)).toMatchObject({ gather: null });
    const before = { kind: 'column', column: 'a', gather: null } as const;
    expect(columnOf('b', list, before)).toMatchObject({ column: 'b', gather: null });
  });

  it('is gathered from the table and from the list at a port', () => {
    draw('summary', 'summary');
    model.select(['summary']);
    showTable();
    choose('tables', 'column');
    expect(bound('summary', 'tables')).toMatchObject({ column: 'tables', gather: OVER_SAMPLES });
    const by = { over: ['sample'], by: ['patient'], onFailure: 'wait' } as const;
    act(() => {
      model.commit('group', each =>
        setBinding(each, 'summary', 'tables', { kind: 'column', column: 'tables', gather: by })
      );
    });
    type(field('tables: a column of the samples'), 'other');
    press('Enter');
    expect(bound('summary', 'tables')).toMatchObject({ column: 'other', gather: by });
    expect(document.activeElement).toBe(field('tables: a column of the samples'));
    act(() => {
      model.commit('clear', each => setBinding(each, 'summary', 'tables', null));
    });
    const port = { step: 'summary', side: 'in', name: 'tables' } as const;
    const offered = portChoices(model, port, { x: 0, y: 0 }, trans);
    act(() => {
      offered.find(each => each.label === 'Column "tables"')?.choose();
    });
    expect(bound('summary', 'tables')).toMatchObject({ gather: OVER_SAMPLES });
  });
});

describe('the step table', () => {
  it('forgets a kind of data that was chosen when undo changes the data', () => {
    draw('summary', 'summary');
    act(() => {
      model.commit('file', each =>
        setBinding(each, 'summary', 'tables', { kind: 'file', path: 'a.txt' })
      );
    });
    model.select(['summary']);
    showTable();
    choose('tables', 'run');
    expect(field('tables').value).toBe('run');
    act(() => {
      model.undo();
    });
    expect(field('tables').value).toBe('');
  });

  it('keeps the focus where a step is renamed or deleted', () => {
    draw('one', 'segment');
    draw('two', 'segment');
    model.select(['one']);
    showTable();
    const name = field('Name');
    type(name, 'first');
    press('Enter');
    expect([...model.document.steps.keys()]).toEqual(['first', 'two']);
    expect(document.activeElement).toBe(name);
    act(() => {
      host.querySelector<HTMLElement>('[data-pm-step=first] button')?.focus();
    });
    press('Delete');
    expect([...model.document.steps.keys()]).toEqual(['two']);
    expect(document.activeElement?.textContent).toBe('two');
    press('Delete');
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Add a step');
  });

  it('saves, previews and runs what is being typed, and leaves editing keys to the text', () => {
    draw('one', 'segment');
    model.select(['one']);
    showTable();
    const told: string[] = [];
    const commands = new CommandRegistry();
    for (const id of ['pm:save-pipeline', 'pm:open-preview', 'pm:run-pipeline', 'undo']) {
      commands.addCommand(id, {
        execute: () => told.push(`${id} ${model.document.steps.get('one')?.title ?? ''}`)
      });
    }
    for (const { command, keys, selector } of schema['jupyter.lab.shortcuts']) {
      if (commands.hasCommand(command)) {
        commands.addKeyBinding({ command, keys, selector });
      }
    }
    commands.addKeyBinding({ command: 'undo', keys: ['Accel Z'], selector: '.pm-Pipeline' });
    const heard = (event: KeyboardEvent): void => {
      commands.processKeydownEvent(event);
    };
    document.addEventListener('keydown', heard);
    type(field('Title'), 'a');
    press('s', { ctrlKey: true, keyCode: 83 });
    type(field('Title'), 'b');
    press('Enter', { ctrlKey: true, keyCode: 13 });
    type(field('Title'), 'c');
    press('Enter', { ctrlKey: true, shiftKey: true, keyCode: 13 });
    press('z', { ctrlKey: true, keyCode: 90 });
    document.removeEventListener('keydown', heard);
    expect(told).toEqual(['pm:save-pipeline a', 'pm:open-preview b', 'pm:run-pipeline c']);
  });
});

describe('the overview', () => {
  it('tells the numbers of the draft only while the draft is shown, and asks for new ones', async () => {
    draw('one', 'segment');
    show(() => <Overview model={model} actions={{}} trans={trans} />);
    const checked = async (): Promise<void> =>
      act(async () => {
        await expect.poll(() => model.isChecked, { timeout: 10_000 }).toBe(true);
      });
    act(() => {
      model.check();
    });
    await checked();
    expect(host.textContent).toContain('20');
    await act(async () => {
      await model.view(12);
    });
    expect(host.textContent).not.toContain('20');
    await act(async () => {
      await model.view(null);
    });
    await checked();
    expect(host.textContent).toContain('21');
  });
});

describe('a tab', () => {
  it('that looks at a plan is not the draft that is made from it', () => {
    const open = { key: 'a', plan: 12 };
    expect(isSame(open, { key: 'b', plan: 12 })).toBe(true);
    expect(isSame({ ...open, viewing: 12 }, { key: 'b', plan: 12 })).toBe(false);
    expect(isSame({ ...open, viewing: 13 }, { key: 'b', plan: 12 })).toBe(true);
    expect(isSame({ ...open, viewing: 12 }, { key: 'a', plan: 12 })).toBe(true);
  });
});
