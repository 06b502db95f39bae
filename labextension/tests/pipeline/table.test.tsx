import { UseSignal } from '@jupyterlab/apputils';
import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import type { Root } from 'react-dom/client';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { portChoices } from '../../src/canvas/offers';
import { Overview } from '../../src/inspector/overview';
import { Inspector } from '../../src/inspector/view';
import type { Binding } from '../../src/pipeline/document';
import { setBinding, setBranches, setParam } from '../../src/pipeline/edits';
import { columnOf } from '../../src/pipeline/links';
import type { PipelineModel } from '../../src/pipeline/model';
import { isSame } from '../../src/pipeline/tab';
import { StepTable } from '../../src/pipeline/table';
import schema from '../../schema/pipeline.json';
import type { IApi } from '../../src/tokens';
import { input } from './catalogue';
import { draw as drawStep, drawn, trans } from './drawn';

const PREVIEW = { counts: { total: 26, run: 20, reuse: 6, blocked: 0 }, problems: [], samples: 1 };
const PLAN = {
  plan_id: 12,
  status: 'running',
  request: {},
  document: { format: 1, steps: { one: { method: 'segment', params: { 'work.sigma': '0.9' } } } },
  steps: []
};

let fresh: number;
let model: PipelineModel;
let api: IApi;
let problems: object[];
let host: HTMLElement;
let root: Root;

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  fresh = 19;
  problems = [];
  ({ model, api } = drawn({
    '/base/pm/api/preview': () => ({
      body: { ...PREVIEW, problems, counts: { ...PREVIEW.counts, run: ++fresh } }
    }),
    '/base/pm/api/plans/12': { body: PLAN }
  }));
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
    drawStep(model, name, method);
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

function showTable(commands = new CommandRegistry()): void {
  show(() => (
    <StepTable api={api} model={model} commands={commands} trans={trans} leave={() => undefined} />
  ));
}

function field(label: string): HTMLInputElement {
  const found = [
    ...host.querySelectorAll<HTMLInputElement>('input, select, textarea, button')
  ].find(
    each =>
      (each.getAttribute('aria-label') ?? each.labels?.[0]?.textContent ?? each.textContent) ===
      label
  );
  if (found === undefined) {
    throw new Error(`There is no field "${label}".`);
  }
  return found;
}

function click(label: string): void {
  act(() => {
    field(label).focus();
    field(label).click();
  });
}

function type(into: HTMLInputElement, text: string): void {
  act(() => {
    into.focus();
    Reflect.set(Object.getPrototypeOf(into) as object, 'value', text, into);
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

/** Press a key; true, the browser does nothing more. */
function press(key: string, more: KeyboardEventInit = {}): boolean {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
  act(() => {
    document.activeElement?.dispatchEvent(event);
  });
  return event.defaultPrevented;
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
    choose('Data for tables', 'column');
    expect(bound('summary', 'tables')).toMatchObject({ column: 'tables', gather: OVER_SAMPLES });
    const by = { over: ['sample'], by: ['patient'], onFailure: 'wait' } as const;
    act(() => {
      model.commit('group', each =>
        setBinding(each, 'summary', 'tables', { kind: 'column', column: 'tables', gather: by })
      );
    });
    type(field('Column for tables'), 'other');
    press('Enter');
    expect(bound('summary', 'tables')).toMatchObject({ column: 'other', gather: by });
    expect(document.activeElement).toBe(field('Column for tables'));
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

describe('the data of an input', () => {
  it('is taken when that is said, not at each arrow key in its list', () => {
    draw('measure', 'measure');
    draw('summary', 'summary');
    const link: Binding = { kind: 'step', step: 'measure', output: 'table', gather: null };
    act(() => {
      model.commit('link', each => setBinding(each, 'summary', 'tables', link));
    });
    model.select(['summary']);
    showTable();
    const select = field('Data for tables');
    const look = (value: string): void => {
      select.focus();
      press('ArrowDown');
      choose('Data for tables', value);
    };
    look('column');
    expect(bound('summary', 'tables')).toEqual(link);
    expect(host.textContent).toContain('Enter takes it');
    press('Escape');
    expect(select.value).toBe('measure.table');
    look('column');
    // It takes: the browser does not open its list over what was taken.
    expect(press('Enter')).toBe(true);
    expect(bound('summary', 'tables')).toMatchObject({ column: 'tables' });
    look('');
    expect(bound('summary', 'tables')).toBeDefined();
    act(() => {
      select.blur();
    });
    expect(bound('summary', 'tables')).toBeUndefined();
    // By mouse it is taken at once.
    act(() => {
      select.dispatchEvent(new Event('pointerdown', { bubbles: true }));
    });
    choose('Data for tables', 'column');
    expect(bound('summary', 'tables')).toMatchObject({ column: 'tables' });
  });

  it('is a file where a file is taken, asked for from the list at the port', () => {
    draw('segment', 'segment');
    const asked: string[] = [];
    const giving = {
      file: (step: string, name: string) => asked.push(`file ${step}.${name}`),
      value: (step: string, name: string) => asked.push(`value ${step}.${name}`)
    };
    const offered = (name: string): string[] => {
      const port = { step: 'segment', side: 'in', name } as const;
      const choices = portChoices(model, port, { x: 0, y: 0 }, trans, giving);
      const ours = choices.filter(each => each.group === 'The same for all samples');
      for (const each of ours) {
        each.choose();
      }
      return ours.map(each => each.label);
    };
    expect(offered('image')).toEqual(['A file…']);
    expect(asked).toEqual(['file segment.image']);
  });
});

describe('the step table', () => {
  it('puts another method in the place of one that is not registered, once it is confirmed', () => {
    draw('old', 'vanished');
    model.select(['old']);
    showTable();
    const method = (): string | undefined => model.document.steps.get('old')?.method;
    expect(host.textContent).toContain('vanished (not registered)');
    const listed = [...(field('Method') as unknown as HTMLSelectElement).options];
    const summary = listed.find(each => each.textContent === 'summary');
    // As each arrow key in the closed list does.
    choose('Method', summary?.value ?? '');
    expect(method()).toBe('vanished');
    click('Use: Method');
    expect(method()).toBe('summary');
  });

  it('forgets a kind of data that was chosen when undo changes the data', () => {
    draw('summary', 'summary');
    act(() => {
      model.commit('file', each =>
        setBinding(each, 'summary', 'tables', { kind: 'file', path: 'a.txt' })
      );
    });
    model.select(['summary']);
    showTable();
    choose('Data for tables', 'run');
    expect(field('Data for tables').value).toBe('run');
    act(() => {
      model.undo();
    });
    expect(field('Data for tables').value).toBe('');
  });

  it.each(['another kind', 'a link that does not fit'])(
    'leaves what feeds an input as it was said when the choice of %s is taken back',
    what => {
      draw('measure', 'measure');
      draw('summary', 'summary');
      const gather = { over: ['sample'], by: ['patient'], onFailure: 'go_on' } as const;
      const link: Binding =
        what === 'another kind'
          ? { kind: 'step', step: 'measure', output: 'table', gather }
          : { kind: 'step', step: 'measure', output: 'gone', gather };
      for (const binding of [link, { kind: 'column', column: 'path_a', gather } as const]) {
        act(() => {
          model.commit('data', each => setBinding(each, 'summary', 'tables', binding));
        });
        model.select(['summary']);
        showTable();
        const present = field('Data for tables').value;
        choose('Data for tables', 'run');
        expect(host.textContent).toContain('until something is said here');
        choose('Data for tables', present);
        expect(field('Data for tables').value).toBe(present);
        expect(bound('summary', 'tables')).toEqual(binding);
        expect(host.textContent).not.toContain('until something is said here');
      }
    }
  );

  it('shows after undo, and of a plan, what is recorded, not the list that was begun before', async () => {
    draw('one', 'segment');
    act(() => {
      model.commit('set', each => setParam(each, 'one', 'work.sigma', '0.7'));
    });
    model.select(['one']);
    showTable();
    click('Try several values of work.minimum');
    click('Remove value 1 of work.minimum');
    click('Try several values of work.sigma');
    click('Remove value 1 of work.sigma');
    expect(field('Next value of work.sigma').value).toBe('');
    act(() => {
      model.undo();
      model.undo();
    });
    expect(field('sigma').value).toBe('0.7');
    // Of another parameter it goes on.
    expect(field('Next value of work.minimum').value).toBe('');
    type(field('Title'), 'half typed');
    await act(async () => {
      await model.view(12);
    });
    expect(field('sigma').value).toBe('0.9');
    expect(field('minimum').value).toBe('');
    expect(field('Title').value).toBe('');
  });

  it('gathers over samples and branches, by a column, and says what a failed member means', () => {
    draw('segment', 'segment');
    draw('measure', 'measure');
    draw('summary', 'summary');
    act(() => {
      const grid = new Map([['work.threshold', ['0.4', '0.6']]]);
      model.commit('branch', each => setBranches(each, 'measure', { kind: 'grid', axes: grid }));
      model.commitRequest('samples', each => ({
        ...each,
        samples: { columns: ['sample', 'patient'], rows: [{ sample: 's1', patient: 'p1' }] }
      }));
    });
    model.select(['summary']);
    showTable();
    choose('Data for tables', 'measure.table');
    expect(bound('summary', 'tables')).toMatchObject({ step: 'measure', gather: OVER_SAMPLES });
    click('over branches of measure');
    click('one list for each patient');
    click('go on without members that failed');
    expect(document.activeElement).toBe(field('go on without members that failed'));
    const gather = { over: ['sample', 'measure'], by: ['patient'], onFailure: 'go_on' };
    expect(bound('summary', 'tables')).toMatchObject({ gather });
    click('over the samples');
    click('over branches of measure');
    expect(bound('summary', 'tables')).toMatchObject({ gather: null });
    choose('Data for tables', '');
    expect(bound('summary', 'tables')).toBeUndefined();
  });

  it('shows at each input and parameter what the server says of it', async () => {
    draw('measure', 'measure');
    const about = { severity: 'error', step: 'measure' };
    problems = [
      { ...about, edge: 'measure.nuclei', message: "'nuclei' is not connected" },
      { ...about, edge: null, message: "'work.threshold' must be a number" }
    ];
    model.select(['measure']);
    showTable();
    act(() => {
      model.check();
    });
    await act(async () => {
      await expect.poll(() => model.problems.length, { timeout: 10_000 }).toBe(2);
    });
    const nuclei = field('Data for nuclei');
    expect(nuclei.getAttribute('aria-invalid')).toBe('true');
    const told = document.getElementById(nuclei.getAttribute('aria-describedby') ?? '');
    expect(told?.textContent).toBe("'nuclei' is not connected");
    expect(field('threshold').getAttribute('aria-invalid')).toBe('true');
    expect(field('Data for labels').getAttribute('aria-invalid')).toBe('false');
  });

  it('leaves undo to the drawing where there is no text to take back, beside it as well', () => {
    draw('segment', 'segment');
    draw('measure', 'measure');
    model.select(['measure']);
    let heard = 0;
    const listen = (): void => {
      heard++;
    };
    const undo = (label: string): number => {
      const before = heard;
      const event = { key: 'z', ctrlKey: true, bubbles: true };
      field(label).dispatchEvent(new KeyboardEvent('keydown', event));
      return heard - before;
    };
    document.addEventListener('keydown', listen);
    const said = (): number[] => [undo('Data for nuclei'), undo('Title')];
    showTable();
    expect(said()).toEqual([1, 0]);
    show(() => (
      <Inspector
        api={api}
        model={model}
        actions={{ commands: new CommandRegistry(), chooseRun: () => undefined }}
        trans={trans}
      />
    ));
    expect(said()).toEqual([1, 0]);
    expect(field('Title').closest('[data-jp-undoer="true"]')).not.toBeNull();
    document.removeEventListener('keydown', listen);
  });

  it('adds a step when that is said, not at the first arrow key in its list', () => {
    showTable();
    choose('Add a step', 'segmentation segment');
    expect(model.document.steps.size).toBe(0);
    field('Add a step').focus();
    press('Enter');
    expect([...model.document.steps.keys()]).toEqual(['segment']);
    choose('Where nuclei goes', 'Add a step after this one measure');
    click('Connect: Where nuclei goes');
    expect(bound('measure', 'nuclei')).toMatchObject({ step: 'segment', output: 'nuclei' });
  });

  it('selects several steps by key, puts them in line and deletes them', () => {
    for (const name of ['one', 'two', 'three']) {
      draw(name, 'segment');
    }
    const done: unknown[] = [];
    const commands = new CommandRegistry();
    commands.addCommand('pm:align-steps', {
      label: args => JSON.stringify(args['how'] ?? null),
      execute: args => done.push(args)
    });
    showTable(commands);
    click('one');
    press('ArrowDown', { shiftKey: true });
    expect([...model.selection]).toEqual(['one', 'two']);
    expect(document.activeElement?.textContent).toBe('two');
    choose('Align', 'Places in the drawing "left"');
    click('Do: Align');
    expect(done).toEqual([{ how: 'left' }]);
    click('Delete');
    expect([...model.document.steps.keys()]).toEqual(['three']);
    expect(document.activeElement?.textContent).toBe('three');
  });

  it('writes, changes and deletes comments and frames', () => {
    draw('one', 'segment');
    showTable();
    click('Add comment');
    expect(document.activeElement).toBe(field('Comment 1'));
    type(field('Comment 1'), 'two\nlines');
    click('one');
    expect(model.document.layout.comments.map(each => each.text)).toEqual(['two\nlines']);
    click('Frame 1 step');
    expect(document.activeElement).toBe(field('Frame 1'));
    type(field('Frame 1'), 'cohort');
    press('Enter');
    expect(model.document.layout.frames.map(each => each.title)).toEqual(['cohort']);
    click('Delete Comment 1');
    expect(model.document.layout.comments).toEqual([]);
    expect(document.activeElement).toBe(field('Frame 1'));
    click('Delete Frame 1');
    expect(document.activeElement).toBe(field('Add comment'));
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
