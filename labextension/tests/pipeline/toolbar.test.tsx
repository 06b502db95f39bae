import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { OtherCommands } from '../../src/pipeline/others';
import { PipelineToolbar } from '../../src/pipeline/toolbar';
import { drawn, trans } from './drawn';

const DOCUMENT = { name: 'cells', steps: { one: { method: 'segment', version: 2 } } };

it('nothing is made of a pipeline that a newer program wrote, which is shown in part', () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const commands = new CommandRegistry();
  for (const command of Object.values(OtherCommands)) {
    commands.addCommand(command, { execute: () => undefined });
  }
  const { model } = drawn({ '/base/pm/api/preview': { body: {} } });
  const host = document.createElement('div');
  const root = createRoot(host);
  const disabled = (format: number): Record<string, boolean> => {
    model.openDocument({ ...DOCUMENT, format });
    act(() => {
      root.render(
        <PipelineToolbar
          model={model}
          commands={commands}
          trans={trans}
          plans={[{ plan_id: 7, status: 'partial' }]}
          marks={[{ state: 'partial', glyph: '✕', token: 'error', said: 'partly failed' }]}
          askPlans={() => undefined}
          view={() => undefined}
          isTableShown={false}
          toggleTable={() => undefined}
        />
      );
    });
    return Object.fromEntries(
      [...host.querySelectorAll('button')].map(each => [each.textContent.trim(), each.disabled])
    );
  };
  const made = { Preview: true, '▶ Run': true, Python: true, Nextflow: true };
  expect(disabled(2)).toMatchObject(made);
  expect(disabled(1)).toMatchObject(
    Object.fromEntries(Object.keys(made).map(label => [label, false]))
  );
  // What runs it stands beside what scrolls where there is little room, not over it.
  const scrolled = host.querySelector('.pm-PipelineBar-tools');
  const go = host.querySelector('.pm-PipelineBar-go');
  expect([scrolled?.contains(go), scrolled?.nextElementSibling]).toEqual([false, go]);
  // A plan is said to be what it is said to be everywhere.
  expect(host.querySelector('select')?.textContent).toContain('plan 7 (partly failed)');
  act(() => {
    root.unmount();
  });
});
