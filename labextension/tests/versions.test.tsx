import { UseSignal } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { act } from 'react';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import { VersionsView } from '../src/palette/versions';
import { VersionsModel } from '../src/palette/versions_model';
import { server } from './server';

const trans = nullTranslator.load('');

function version(number: number, changes: object = {}): object {
  return {
    version: number,
    content_hash: `${number}`.repeat(64),
    note: '',
    saved_at: '2026-02-14T10:23:00+00:00',
    saved_by: 'ada',
    steps: 2,
    added: [],
    removed: [],
    changed: [],
    ...changes
  };
}

it('the versions of a template say what is new, are opened, and become the newest again', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  let listed = [version(3, { added: ['<b>gate</b>'] }), version(2, { note: 'finer' })];
  const { settings, requests } = server({
    '/base/pm/api/templates/daily/versions': request => {
      const older = new URL(request.url).searchParams.get('before');
      return {
        body:
          older === null
            ? { versions: listed, before: 2 }
            : { versions: [version(1)], before: null }
      };
    },
    '/base/pm/api/templates/daily/versions/2': { body: { ...version(2), document: { a: 1 } } },
    '/base/pm/api/templates/daily': request => {
      if (request.method === 'PUT') {
        listed = [version(4, { note: 'version 2 again' }), ...listed];
      }
      return { body: { name: 'daily', revision: 'r3', version: 4 } };
    }
  });
  const host = document.createElement('div');
  document.body.append(host);
  const model = new VersionsModel(new Api(settings), 'daily', trans);
  const root = createRoot(host);
  const open = vi.fn();
  const restored = vi.fn();
  act(() => {
    root.render(
      <UseSignal signal={model.stateChanged}>
        {() => <VersionsView {...{ model, open, restored, trans }} />}
      </UseSignal>
    );
  });
  const rows = (): string[] => [...host.querySelectorAll('tbody tr')].map(each => each.textContent);
  const press = (label: string): void => {
    const found = [...host.querySelectorAll('button')].find(
      each => (each.getAttribute('aria-label') ?? each.textContent) === label
    );
    act(() => {
      found?.click();
    });
  };
  await act(() => model.read());
  expect(rows()).toHaveLength(2);
  expect(rows()[0]).toContain('adds <b>gate</b>');
  expect(rows()[0]).toContain('newest');
  expect(rows()[1]).toContain('22222222');
  expect(rows()[1]).toContain('finer');
  press('Open version 3');
  press('Open version 2');
  expect(open.mock.calls).toEqual([[undefined], [2]]);
  press('Show older versions');
  await vi.waitFor(() => {
    expect(rows()).toHaveLength(3);
  });
  expect(rows()[2]).toContain('The first, with 2 steps');
  press('Restore version 2');
  await vi.waitFor(() => {
    expect(rows()[0]).toContain('version 2 again');
  });
  expect(host.textContent).toContain('Version 2 is the newest again, as version 4.');
  expect(restored).toHaveBeenCalledOnce();
  const put = requests.find(each => each.method === 'PUT');
  expect(await put?.json()).toEqual({
    document: { a: 1 },
    expected: 'r3',
    note: 'version 2 again'
  });
  act(() => {
    root.unmount();
  });
  host.remove();
});
