import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Api } from '../src/api/api';
import type { PlanDetails, PlannedRun } from '../src/api/plans';
import { Live } from '../src/live/live';
import { PlanBody } from '../src/plan/body';
import type { ILook } from '../src/plan/look';
import { readLook } from '../src/plan/look';
import { Here, HereContext } from '../src/screen/here';
import { plannedRun } from './records';
import { PLAN, server } from './server';

it('runs of a plan are chosen by keys from where one is, and a run that was replaced no more', () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const { settings } = server({});
  const api = new Api(settings);
  const here = new Here(api, new Live(api), new CommandRegistry(), nullTranslator.load(''));
  const plan: PlanDetails = {
    ...PLAN,
    document: {},
    request: {},
    base: '',
    revision: '',
    steps: []
  };
  const host = document.createElement('div');
  const root = createRoot(host);
  const draw = (rows: readonly PlannedRun[], look: Partial<ILook> = {}): void => {
    act(() => {
      root.render(
        <HereContext.Provider value={here}>
          <PlanBody
            now={{ plan, status: { ...PLAN, steps: [] }, rows }}
            looking={{
              look: { ...readLook('', ''), ...look },
              turn: () => undefined,
              scrolled: () => undefined
            }}
            refresh={() => Promise.resolve()}
          />
        </HereContext.Provider>
      );
    });
  };
  const press = (key: string, shiftKey = false): void => {
    const tree = host.querySelector('[role=tree]');
    act(() => {
      tree?.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true }));
    });
  };
  const said = (): string => host.querySelector('.pm-Chosen [role=status]')?.textContent ?? '';
  const ticked = (): number =>
    host.querySelectorAll('[role=treeitem][aria-level="2"][aria-checked=true]').length;

  const rows = Array.from({ length: 6 }, (_, n) =>
    plannedRun(n + 1, { step: `step${n + 1}`, state: 'completed', run_id: 50 + n })
  );
  draw(rows);
  press('ArrowDown');
  press(' ');
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown']) {
    press(key);
  }
  press('ArrowDown', true);
  // Not what lies between the first and these.
  expect([said(), ticked()]).toEqual(['3 runs chosen', 3]);

  const again = rows.map(row => (row.run_id === 50 ? { ...row, run_id: 70 } : row));
  draw(again);
  expect([said(), ticked()]).toEqual(['2 runs chosen', 2]);
  draw(again, { view: 'table', filter: { text: 'step5', state: '', step: '' } });
  expect(said()).toBe('2 runs chosen (1 not shown)');
  act(() => {
    root.unmount();
  });
});
