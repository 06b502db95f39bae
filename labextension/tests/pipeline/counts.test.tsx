import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Overview } from '../../src/inspector/overview';
import { OtherCommands } from '../../src/pipeline/others';
import { PipelineToolbar } from '../../src/pipeline/toolbar';
import type { IAnswer } from '../server';
import { REFUSAL } from '../server';
import { draw, drawn, trans } from './drawn';

it('what the server said of the drawing before is no number of the drawing that it cannot check', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const commands = new CommandRegistry();
  for (const command of Object.values(OtherCommands)) {
    commands.addCommand(command, { execute: () => undefined });
  }
  const counts = { total: 26, run: 26, reuse: 0, blocked: 0 };
  let answer: IAnswer = { body: { counts, samples: 3, problems: [] } };
  const { model } = drawn({ '/base/pm/api/preview': () => answer });
  const host = document.createElement('div');
  const root = createRoot(host);
  const nothing = (): void => undefined;
  const said = (): string => {
    act(() => {
      root.render(
        <>
          <PipelineToolbar
            {...{ model, commands, trans, plans: [], marks: [], askPlans: nothing, view: nothing }}
            isTableShown={false}
            toggleTable={nothing}
          />
          <Overview model={model} actions={{ openPreview: nothing }} trans={trans} />
        </>
      );
    });
    return host.textContent;
  };
  draw(model, 'one');
  model.commitRequest('set samples', () => ({ samples: { rows: [{ name: 'a' }] } }));
  await expect.poll(() => model.isChecked).toBe(true);
  expect(said().match(/Preview 26 runs/g)).toHaveLength(2);
  expect(said()).toContain('Samples: 3');

  answer = { status: 503, body: REFUSAL };
  model.commitRequest('add samples', () => ({ samples: { rows: [{ name: 'a' }, { name: 'b' }] } }));
  expect(said()).toContain('Samples: 2');
  await expect.poll(() => model.isChecked).toBe(true);
  expect(said()).not.toContain('26');
  expect(said()).toContain('Samples: 2');
  act(() => {
    root.unmount();
  });
});
