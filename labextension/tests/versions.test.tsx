import { UseSignal } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { act } from 'react';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it, onTestFinished, vi } from 'vitest';

import { Api } from '../src/api/api';
import { showVersions, VersionsView } from '../src/palette/versions';
import { VersionsModel } from '../src/palette/versions_model';
import { REFUSAL, server } from './server';

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

function found(label: string): HTMLButtonElement | undefined {
  return [...document.querySelectorAll('button')].find(
    each => (each.getAttribute('aria-label') ?? each.textContent) === label
  );
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
  const host = document.body.appendChild(document.createElement('div'));
  const model = new VersionsModel(new Api(settings), 'daily', trans);
  const root = createRoot(host);
  onTestFinished(() => {
    act(() => {
      root.unmount();
    });
    host.remove();
  });
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
  await expect.poll(rows).toHaveLength(3);
  expect(rows()[2]).toContain('The first, with 2 steps');
  press('Restore version 2');
  await expect.poll(() => rows()[0]).toContain('version 2 again');
  expect(host.textContent).toContain('Version 2 is the newest again, as version 4.');
  expect(restored).toHaveBeenCalledOnce();
  const put = requests.find(each => each.method === 'PUT');
  expect(await put?.json()).toEqual({
    document: { a: 1 },
    expected: 'r3',
    note: 'version 2 again'
  });
});

it('a version that would run the same as the newest is not put over how that is drawn', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  const same = { content_hash: '1'.repeat(64) };
  const newest = { name: 'daily', revision: 'r3', version: 3, ...same };
  const { settings, requests } = server({
    '/base/pm/api/templates/daily/versions': {
      body: { versions: [version(3, same), version(2), version(1)], before: null }
    },
    '/base/pm/api/templates/daily/versions/1': { body: { ...version(1), document: {} } },
    '/base/pm/api/templates/daily': { body: newest }
  });
  const model = new VersionsModel(new Api(settings), 'daily', trans);
  const props = { trans, open: () => undefined, restored: vi.fn(), goOn: () => undefined };
  const shown = showVersions({ model, ...props });
  await expect.poll(() => found('Restore version 2')).toBeDefined();
  expect(found('Restore version 1')).toBeUndefined();
  expect(found('Open version 1')).toBeDefined();
  expect(document.querySelector('tbody')?.textContent).toContain('same as the newest');

  // What is newest may have become so after the list was read.
  expect(await model.restore(1)).toBe(false);
  expect(String(model.error)).toContain('nothing was saved');
  expect(requests.some(each => each.method === 'PUT')).toBe(false);
  found('Close')?.click();
  await shown;
});

it('a version that is the newest again is told as that, though the list cannot be read', async () => {
  let isAway = false;
  let put = { status: 200, body: { name: 'daily', revision: 'r4', version: 4 } as object };
  const { settings } = server({
    '/base/pm/api/templates/daily/versions': () =>
      isAway ? { status: 503, body: REFUSAL } : { body: { versions: [version(3)], before: null } },
    '/base/pm/api/templates/daily/versions/2': { body: { ...version(2), document: {} } },
    '/base/pm/api/templates/daily': request => {
      if (request.method === 'PUT') {
        isAway = true;
        return put;
      }
      return { body: { name: 'daily', revision: 'r3', version: 3 } };
    }
  });
  const model = new VersionsModel(new Api(settings), 'daily', trans);
  await model.read();
  expect(await model.restore(2)).toBe(true);
  expect(model.said).toContain('as version 4');
  expect(model.error).not.toBeNull();

  // What was done before is no part of what was not.
  put = { status: 409, body: { ...REFUSAL, error: 'Conflict' } };
  expect(await model.restore(2)).toBe(false);
  expect(model.said).toBe('');
  model.dispose();
});

it('a version that could not be restored is told also where the dialog was closed meanwhile', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  let refuse = (): void => undefined;
  const { settings, requests } = server({
    '/base/pm/api/templates/daily/versions': {
      body: { versions: [version(3), version(2)], before: null }
    },
    '/base/pm/api/templates/daily/versions/2': { body: { ...version(2), document: {} } },
    '/base/pm/api/templates/daily': async request => {
      if (request.method === 'PUT') {
        await new Promise<void>(resolve => (refuse = resolve));
        return { status: 503, body: { ...REFUSAL, message: 'The database is away.' } };
      }
      return { body: { name: 'daily', revision: 'r3', version: 3 } };
    }
  });
  const model = new VersionsModel(new Api(settings), 'daily', trans);
  const restored = vi.fn();
  const shown = showVersions({ model, trans, restored, goOn: () => undefined });
  await expect.poll(() => found('Restore version 2')).toBeDefined();
  found('Restore version 2')?.click();
  await expect.poll(() => requests.some(each => each.method === 'PUT')).toBe(true);
  found('Close')?.click();
  await shown;
  refuse();
  await expect
    .poll(() => document.querySelector('.jp-Dialog')?.textContent)
    .toContain('The database is away.');
  expect(restored).not.toHaveBeenCalled();
  found('Close')?.click();
  await expect.poll(() => document.querySelector('.jp-Dialog')).toBeNull();
});

it.each([
  ['Close', 'palette', 1],
  ['Close', 'button', 0],
  ['Open version 2', 'palette', 0]
])(
  'after "%s" in versions that a %s showed, the keyboard is somewhere',
  async (way, from, went) => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
    const { settings } = server({
      '/base/pm/api/templates/daily/versions': {
        body: { versions: [version(3), version(2)], before: null }
      }
    });
    const opener = document.body.appendChild(document.createElement('button'));
    opener.focus();
    const model = new VersionsModel(new Api(settings), 'daily', trans);
    const goOn = vi.fn();
    const open = vi.fn();
    const shown = showVersions({ model, trans, open, restored: () => undefined, goOn });
    await expect.poll(() => found('Open version 2')).toBeDefined();
    if (from === 'palette') {
      opener.remove();
    }
    found(way)?.click();
    await shown;
    expect(goOn).toHaveBeenCalledTimes(went);
    expect(open).toHaveBeenCalledTimes(way === 'Close' ? 0 : 1);
    opener.remove();
  }
);
