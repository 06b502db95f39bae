import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Api } from '../src/api/api';
import type { Plan } from '../src/api/plans';
import { Live } from '../src/live/live';
import { PlanHead } from '../src/plan/head';
import { Here, HereContext } from '../src/screen/here';
import { PLAN, server } from './server';

it('a plan is looked at on the canvas, with the states of its runs, and a draft is gone on with', () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const api = new Api(server({}).settings);
  const commands = new CommandRegistry();
  const opened: unknown[] = [];
  commands.addCommand('pm:open-pipeline', { execute: args => opened.push(args) });
  const here = new Here(api, new Live(api), commands, nullTranslator.load(''));
  const press = (status: Plan['status'], label: string): void => {
    const host = document.createElement('div');
    const root = createRoot(host);
    act(() => {
      root.render(
        <HereContext.Provider value={here}>
          <PlanHead
            now={{
              plan: {
                ...PLAN,
                status,
                document: {},
                request: {},
                base: '',
                revision: '',
                steps: []
              },
              status: { ...PLAN, status, steps: [] },
              rows: []
            }}
            said={{ text: '', busy: false, error: null, act: () => undefined }}
            showFailed={() => undefined}
          />
        </HereContext.Provider>
      );
    });
    const button = [...host.querySelectorAll('button')].find(each => each.textContent === label);
    act(() => {
      button?.click();
      root.unmount();
    });
  };
  press('running', 'Show on canvas');
  press('completed', 'Show on canvas');
  press('draft', 'Open draft');
  const id = PLAN.plan_id;
  expect(opened).toEqual([{ viewing: id }, { viewing: id }, { draft: id }]);
});
