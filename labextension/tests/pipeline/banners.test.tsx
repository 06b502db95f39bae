import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Banners } from '../../src/pipeline/banners';
import { draw, drawn, trans } from './drawn';

const DOCUMENT = { format: 1, steps: { one: { method: 'segment', version: 'latest' } } };
const THEN = {
  template: { name: 'cells', revision: 'r1', version: 4, content_hash: 'c0ffee0123' },
  version: 2,
  content_hash: 'beef0123456',
  note: '<i>finer</i>',
  saved_at: '2026-02-01T10:23:00+00:00',
  saved_by: 'ada',
  document: { ...DOCUMENT, name: 'cells' }
};

it('an earlier version says which it is, what it was changed from, and first what was brought back', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  let found: object = THEN;
  const { model } = drawn({
    '/base/pm/api/templates/cells/versions/2': () => ({ body: found }),
    '/base/pm/api/preview': { body: { problems: [] } }
  });
  const host = document.createElement('div');
  const root = createRoot(host);
  const nothing = (): void => undefined;
  const said = (restored: string | null = null): string => {
    act(() => {
      root.render(
        <Banners
          {...{ model, trans, restored, discardRestored: nothing, view: nothing }}
          commands={new CommandRegistry()}
          lost={[]}
          newer={false}
        />
      );
    });
    return host.textContent;
  };
  await model.openTemplate('cells', 2);
  expect(said()).toMatch(
    /^Version 2 \(beef0123\) of "cells"\. The newest is version 4\. Saved by ada: .+ Note: <i>finer<\/i>/
  );
  expect(said()).toContain('Restore as newest version');

  draw(model, 'more');
  expect(said()).toMatch(/^Changed from version 2 \(beef0123\) of "cells"\./);
  expect(said()).toContain('Save as newest version');
  const restored = said(THEN.saved_at);
  expect(restored).toContain('Unsaved work was brought back');
  expect(restored).toContain('Take what is saved');

  // What would run the same makes no version: nothing would stay of the newest.
  found = { ...THEN, content_hash: 'c0ffee0123' };
  await model.openTemplate('cells', 2);
  expect(said()).toContain('The newest is version 4; both would run the same.');
  expect(said()).not.toContain('Restore');
  act(() => {
    root.unmount();
  });
});
