import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Api } from '../src/api/api';
import type { ICompareArgs } from '../src/compare/tab';
import CompareTab from '../src/compare/tab';
import type { ITab } from '../src/screen/here';
import { Here, HereContext, TabContext } from '../src/screen/here';
import { run } from './records';
import { server, STATUS } from './server';
import { Told } from './told';

const SLOW = { timeout: 20_000 };

class Tab implements ITab<ICompareArgs> {
  readonly isVisible = true;
  readonly shown = new Signal<this, void>(this);
  setTitle(): void {
    // Nobody reads it.
  }
  turn(): void {
    // It stays at these runs.
  }
  keep(): void {
    // Nothing is reloaded.
  }
  select(): void {
    // Nothing stands beside it.
  }
}

it('runs that are compared are looked at again when one of them has ended', async () => {
  const outputs: string[] = [];
  let state = 'running';
  const { settings, requests } = server({
    '/base/pm/api/status': { body: STATUS },
    '/base/pm/api/runs': { body: { runs: [], before: null, unsearched: false, counts: null } },
    '/base/pm/api/runs/4': () => ({ body: run(4) }),
    '/base/pm/api/compare': () => ({
      body: { runs: [run(4), { ...run(5), state, said: state }], sections: [] }
    }),
    ...Object.fromEntries(
      [4, 5].map(id => [
        `/base/pm/api/runs/${id}/outputs`,
        () => {
          outputs.push(`${id} ${state}`);
          return { body: { run_id: id, directory: '/runs', outputs: [] } };
        }
      ])
    )
  });
  const compared = (): number => requests.filter(each => each.url.includes('/compare')).length;
  const live = new Told();
  const here = new Here(new Api(settings), live, new CommandRegistry(), nullTranslator.load(''));
  const tab = new Tab();
  const root = createRoot(document.createElement('div'));
  root.render(
    <HereContext.Provider value={here}>
      <TabContext.Provider value={tab}>
        <CompareTab args={{ runs: [4, 5], tab: '1', chosen: 2 }} tab={tab} />
      </TabContext.Provider>
    </HereContext.Provider>
  );
  await expect.poll(() => outputs.length, SLOW).toBe(2);
  const before = compared();
  const change = { status: 'completed', plan: 12, planned: 1, step: 'scale' };
  // Another run is none of its business.
  live.changed.emit([{ ...change, kind: 'run', id: 6 }]);
  state = 'completed';
  live.changed.emit([{ ...change, kind: 'run', id: 5 }]);
  await expect.poll(compared, SLOW).toBe(before + 1);
  await expect.poll(() => outputs, SLOW).toContain('5 completed');
  // Looked at once more, the outputs are the same.
  live.changed.emit([{ ...change, kind: 'checked', id: 4 }]);
  await expect.poll(compared, SLOW).toBe(before + 2);
  expect(outputs).toHaveLength(4);
  root.unmount();
}, 60_000);
