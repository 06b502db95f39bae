import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Api } from '../src/api/api';
import { Live } from '../src/live/live';
import SearchTab from '../src/runs/search';
import type { ITab } from '../src/screen/here';
import { Here, HereContext } from '../src/screen/here';
import { server } from './server';

it('what the runs of a step in a plan warned of is sought at once, and nothing else', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const { settings, requests } = server({
    '/base/pm/api/logs': { body: { entries: [], before: null, looked_at: 3 } }
  });
  const api = new Api(settings);
  const here = new Here(api, new Live(api), new CommandRegistry(), nullTranslator.load(''));
  const nothing = (): void => undefined;
  const tab: ITab<object> = {
    isVisible: true,
    shown: new Signal<unknown, void>({}),
    ...{ setTitle: nothing, turn: nothing, keep: nothing, select: nothing }
  };
  const host = document.createElement('div');
  const root = createRoot(host);
  act(() => {
    root.render(
      <HereContext.Provider value={here}>
        <SearchTab args={{ text: '', level: 'WARNING', method: 'segment', plan: '12' }} tab={tab} />
      </HereContext.Provider>
    );
  });
  await act(async () => {
    await expect.poll(() => requests.length, { timeout: 60_000 }).toBe(1);
  });
  const { searchParams } = new URL(requests[0]?.url ?? '');
  expect([...searchParams].filter(([name]) => ['level', 'method', 'plan'].includes(name))).toEqual([
    ['level', 'WARNING'],
    ['method', 'segment'],
    ['plan', '12']
  ]);
  expect(host.querySelector<HTMLInputElement>('[type=number]')?.value).toBe('12');
  act(() => {
    root.unmount();
  });
});
