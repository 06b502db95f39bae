import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';

import { Api } from '../src/api/api';
import type { LineageRun, RunInput } from '../src/api/runs';
import schema from '../schema/plans.json';
import { CommandIDs } from '../src/commands';
import type { ILineageArgs } from '../src/lineage/look';
import LineageTab from '../src/lineage/tab';
import type { ITab } from '../src/screen/here';
import { addGraphKeys } from '../src/screen/graph_keys';
import { Here, HereContext } from '../src/screen/here';
import { lineageRun } from './records';
import type { Answers } from './server';
import { server, STATUS } from './server';
import { Told } from './told';

/** A tab of 800 × 600 pixels, and what it keeps for a reload. */
class Tab implements ITab<ILineageArgs> {
  readonly isVisible = true;
  readonly shown = new Signal<this, void>(this);
  kept: ILineageArgs | null = null;
  setTitle(): void {
    // Nobody reads it.
  }
  turn(): void {
    // It turns by itself only.
  }
  keep(args: ILineageArgs): void {
    this.kept = args;
  }
  select(): void {
    // Nothing stands beside it.
  }
}

const input: RunInput = {
  ...{ name: 'table', type: 'upstream', ordinal: 0, label: null, source_run_id: 1 },
  ...{ source_output: 'table', source_method: 'gate', source_version: 1, source_path: 'a.csv' },
  ...{ checksum: null, text: null, path: null },
  equal_bytes: [
    { run_id: 12, plan_id: 5 },
    { run_id: 13, plan_id: 6 }
  ]
};

/** Run 9 read so many alike runs, from 1 on. */
function answers(count: number): Answers {
  const runs: LineageRun[] = Array.from({ length: count }, (_, place) => ({
    ...lineageRun(place < 8 ? place + 1 : place + 2, 1),
    method: 'gate',
    sample: `s${place}`
  }));
  const edges = runs.map(({ run_id: source_run_id }) => ({
    ...{ run_id: 9, source_run_id, input: 'table', output: 'table', ordinal: 0, label: null },
    equal_bytes: []
  }));
  const all = [...runs, lineageRun(9, 0)];
  const details = (run: LineageRun): unknown => ({
    ...{ ...run, plan_name: null, parameters: [], inputs: run.run_id === 9 ? [input] : [] },
    ...{ outputs: [], metrics: {}, metadata: {}, environment: {}, environment_fingerprint: null },
    ...{ cpu_seconds: null, peak_rss_bytes: null, scheduler_job_id: null, events: [] },
    directory: null
  });
  return {
    '/base/pm/api/status': { body: STATUS },
    '/base/pm/api/runs/9/lineage': {
      body: { run_id: 9, direction: 'up', truncated: false, roots: [], runs: all, edges }
    },
    ...Object.fromEntries(
      all.flatMap(run => [
        [`/base/pm/api/runs/${run.run_id}`, { body: details(run) }],
        [`/base/pm/api/runs/${run.run_id}/outputs`, { body: { outputs: [], directory: null } }]
      ])
    )
  };
}

let opened: unknown[] = [];

interface IDrawn {
  host: HTMLElement;
  tab: Tab;
  close: () => void;
}

async function draw(count: number, args: Partial<ILineageArgs> = {}): Promise<IDrawn> {
  const commands = new CommandRegistry();
  commands.addCommand(CommandIDs.openRun, { execute: given => opened.push(given) });
  const api = new Api(server(answers(count)).settings);
  const here = new Here(api, new Told(), commands, nullTranslator.load(''));
  const host = document.body.appendChild(document.createElement('div'));
  const tab = new Tab();
  const root = createRoot(host);
  const asked = { run: 9, direction: 'up' as const, ...args };
  root.render(
    <HereContext.Provider value={here}>
      <LineageTab args={asked} tab={tab} />
    </HereContext.Provider>
  );
  await expect.poll(() => host.querySelector('.pm-Lineage-body')).not.toBeNull();
  return {
    host,
    tab,
    close: () => {
      root.unmount();
      host.remove();
    }
  };
}

const click = (element: Element | null | undefined): void => {
  element?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
};
const drawing = (host: HTMLElement): SVGElement | null =>
  host.querySelector<SVGElement>('.pm-Lineage-drawing');
const placed = (host: HTMLElement): string =>
  drawing(host)?.querySelector('g')?.getAttribute('transform') ?? '';

beforeEach(() => {
  // Drawn as in a browser, whenever something arrives.
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  opened = [];
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(private readonly _told: (entries: unknown[]) => void) {}
      observe(): void {
        this._told([{ contentRect: { width: 800 } }]);
      }
      unobserve(): void {
        // It stays as large.
      }
      disconnect(): void {
        // As above.
      }
    }
  );
  vi.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(800);
  vi.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it('a lineage comes back as it was moved, zoomed and unfolded', async () => {
  const first = await draw(70);
  // More than can be told apart begin folded.
  await expect.poll(() => first.host.querySelectorAll('[data-pm-run]').length).toBe(2);
  await expect.poll(() => placed(first.host)).toContain('scale(1)');
  const began = placed(first.host);
  const group = first.host.querySelector('[data-pm-run="1"]');
  // By the keys that the settings name.
  const commands = new CommandRegistry();
  addGraphKeys(commands, nullTranslator.load(''));
  for (const { command, ...binding } of schema['jupyter.lab.shortcuts']) {
    if (command === CommandIDs.moveInGraph) {
      commands.addKeyBinding({ command, args: {}, ...binding });
    }
  }
  const process = (event: KeyboardEvent): void => {
    commands.processKeydownEvent(event);
  };
  document.addEventListener('keydown', process);
  onTestFinished(() => {
    document.removeEventListener('keydown', process);
  });
  const press = (key: string, keyCode = 13): void => {
    const node = drawing(first.host);
    node?.focus();
    node?.dispatchEvent(new KeyboardEvent('keydown', { key, keyCode, bubbles: true }));
  };
  press('ArrowLeft', 37);
  expect(group).not.toBeNull();
  await expect.poll(() => first.host.querySelector('aside')?.textContent).toContain('70 runs');
  press('Enter');
  await expect.poll(() => first.host.querySelectorAll('[data-pm-run]').length).toBeGreaterThan(2);
  // Keys that come faster than it is drawn are all counted.
  press('+', 187);
  press('+', 187);
  await expect.poll(() => placed(first.host)).toContain('scale(1.5625)');
  const left = placed(first.host);
  expect(left).not.toBe(began);
  await expect.poll(() => first.tab.kept?.look).toContain('"zoom":1.5');
  const kept = first.tab.kept;
  first.close();

  const second = await draw(70, kept ?? {});
  await expect.poll(() => placed(second.host)).toBe(left);
  expect(second.host.querySelectorAll('[data-pm-run]').length).toBeGreaterThan(2);
  await expect.poll(() => second.host.querySelector('aside')?.textContent).toContain('Run 1 ');
  second.close();

  // Looked at the other way it is another drawing: nobody has moved that one.
  const other = await draw(70, { ...kept, direction: 'both' });
  await expect.poll(() => placed(other.host)).not.toBe('');
  expect(placed(other.host)).not.toBe(left);
  other.close();
}, 60_000);

it('a lineage of which nothing is left where it was moved to is shown as at first', async () => {
  const first = await draw(3);
  // Before the room is known it is drawn smaller.
  await expect.poll(() => placed(first.host)).toContain('scale(1)');
  const began = placed(first.host);
  first.close();
  const middle = { of: 'up apart', x: 90, y: 20_000, zoom: 1.5 };
  const far = await draw(3, { look: JSON.stringify({ middle }) });
  await expect.poll(() => placed(far.host)).toBe(began);
  far.close();
  const near = await draw(3, { look: JSON.stringify({ middle: { ...middle, y: 20 } }) });
  await expect.poll(() => placed(near.host)).toContain('scale(1.5)');
  near.close();
}, 60_000);

it('an input that stands in the lineage is walked to, not opened', async () => {
  const { host, close } = await draw(3);
  const link = (): HTMLAnchorElement | undefined =>
    [...host.querySelectorAll<HTMLAnchorElement>('aside a')].find(each =>
      each.textContent.startsWith('run 1 · gate')
    );
  await expect.poll(link).toBeDefined();
  // Plans that reuse run 9 counted on others, whose output is the same.
  expect(link()?.closest('td')?.textContent).toContain(
    'equal bytes of run 12 (plan 5), run 13 (plan 6)'
  );
  click(link());
  await expect.poll(() => host.querySelector('aside')?.textContent).toContain('Run 1 ');
  expect(opened).toEqual([]);
  // The link is gone with what was shown: the focus is in the drawing.
  expect(document.activeElement).toBe(drawing(host));
  close();
}, 60_000);

it('of a long table only the rows in sight are drawn', async () => {
  const { host, tab, close } = await draw(3000, { look: '{"form": "table", "top": 1500}' });
  const table = (): HTMLElement | null => host.querySelector('[role=table]');
  await expect.poll(() => table()?.getAttribute('aria-rowcount')).toBe('3002');
  expect(host.querySelectorAll('[role=row]').length).toBeLessThan(80);
  await expect.poll(() => table()?.scrollTop).toBe(1500 * 28);
  const box = host.querySelector<HTMLInputElement>('[role=row] input');
  box?.click();
  await expect.poll(() => tab.kept?.look).toContain('"chosen":[9,');
  expect(table()?.textContent).toContain('Set, or changed from the default');
  close();
}, 60_000);

it('a table goes to a run once, when it is asked for, and stays where it is moved to', async () => {
  const { host, tab, close } = await draw(3000, { look: '{"form": "table", "top": 1500}' });
  const table = (): HTMLElement | null => host.querySelector('[role=table]');
  await expect.poll(() => table()?.scrollTop).toBe(1500 * 28);
  const link = (): HTMLAnchorElement | undefined =>
    [...host.querySelectorAll<HTMLAnchorElement>('aside a')].find(each =>
      each.textContent.startsWith('run 1 · gate')
    );
  await expect.poll(link).toBeDefined();
  click(link());
  await expect.poll(() => table()?.scrollTop).toBe(0);
  const scroll = (): void => {
    const node = table();
    if (node !== null) {
      node.scrollTop = 900 * 28;
      node.dispatchEvent(new Event('scroll', { bubbles: true }));
    }
  };
  scroll();
  await expect.poll(() => tab.kept?.look).toContain('"top":900');
  // Other rows, and then the same again.
  const find = host.querySelector<HTMLInputElement>('input[type=search]');
  const type = async (text: string, rows: string): Promise<void> => {
    Reflect.set(HTMLInputElement.prototype, 'value', text, find);
    find?.dispatchEvent(new Event('input', { bubbles: true }));
    await expect.poll(() => table()?.getAttribute('aria-rowcount')).toBe(rows);
  };
  await type('run 2', '2');
  await type('', '3002');
  expect(table()?.scrollTop).toBe(900 * 28);
  // The graph, and the table again.
  const form = async (label: string, there: string): Promise<void> => {
    click([...host.querySelectorAll('button')].find(each => each.textContent === label));
    await expect.poll(() => host.querySelector(there)).not.toBeNull();
  };
  await form('Graph', '.pm-Lineage-drawing');
  await form('Table', '[role=table]');
  await expect.poll(() => table()?.scrollTop).toBe(900 * 28);
  await new Promise(done => setTimeout(done, 50));
  expect(table()?.scrollTop).toBe(900 * 28);
  close();
}, 60_000);
