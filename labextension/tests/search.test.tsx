import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Api } from '../src/api/api';
import { Live } from '../src/live/live';
import type { ISearchArgs } from '../src/runs/search';
import SearchTab from '../src/runs/search';
import type { ITab } from '../src/screen/here';
import { Here, HereContext } from '../src/screen/here';
import { server } from './server';

const NOTHING: ISearchArgs = { text: '', level: '', method: '', plan: '', step: '' };

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
        <SearchTab args={{ ...NOTHING, level: 'WARNING', plan: '12', step: 'left' }} tab={tab} />
      </HereContext.Provider>
    );
  });
  await act(async () => {
    await expect.poll(() => requests.length, { timeout: 60_000 }).toBe(1);
  });
  const { searchParams } = new URL(requests[0]?.url ?? '');
  expect(
    [...searchParams].filter(([name]) => ['level', 'method', 'plan', 'step'].includes(name))
  ).toEqual([
    ['level', 'WARNING'],
    ['plan', '12'],
    ['step', 'left']
  ]);
  expect(host.querySelector<HTMLInputElement>('[type=number]')?.value).toBe('12');
  act(() => {
    root.unmount();
  });
});

it('a search that is asked for anew stands in the fields as well, and one that was kept changes nothing', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const { settings, requests } = server({
    '/base/pm/api/logs': { body: { entries: [], before: null, looked_at: 3 } }
  });
  const api = new Api(settings);
  const here = new Here(api, new Live(api), new CommandRegistry(), nullTranslator.load(''));
  const nothing = (): void => undefined;
  const kept: ISearchArgs[] = [];
  const tab: ITab<ISearchArgs> = {
    isVisible: true,
    shown: new Signal<unknown, void>({}),
    ...{ setTitle: nothing, turn: nothing, select: nothing },
    keep: args => kept.push(args)
  };
  const host = document.createElement('div');
  const root = createRoot(host);
  const ask = async (args: ISearchArgs, searches: number): Promise<void> => {
    act(() => {
      root.render(
        <HereContext.Provider value={here}>
          <SearchTab args={args} tab={tab} />
        </HereContext.Provider>
      );
    });
    await act(async () => {
      await expect.poll(() => requests.length, { timeout: 60_000 }).toBe(searches);
    });
  };
  const fields = (): string[] =>
    [...host.querySelectorAll<HTMLInputElement | HTMLSelectElement>('.pm-Field')].map(
      each => each.value
    );
  const warned = { ...NOTHING, level: 'WARNING', method: 'segment', plan: '12' };
  await ask(warned, 1);

  const method = host.querySelector<HTMLInputElement>('[aria-label=Method]');
  act(() => {
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(method, 'dab');
    method?.dispatchEvent(new Event('input', { bubbles: true }));
  });
  act(() => {
    host.querySelector<HTMLFormElement>('form')?.requestSubmit();
  });
  await act(async () => {
    await expect.poll(() => requests.length, { timeout: 60_000 }).toBe(2);
  });
  expect(kept).toEqual([{ ...warned, method: 'dab' }]);
  await ask(kept[0] ?? warned, 2);
  expect(fields()).toEqual(['', 'WARNING', 'dab', '12', '']);

  // The same as at first, which is another than what is shown.
  await ask({ ...warned }, 3);
  expect(fields()).toEqual(['', 'WARNING', 'segment', '12', '']);
  expect(new URL(requests[2]?.url ?? '').searchParams.get('method')).toBe('segment');

  // Who only goes to the tab finds it as it was.
  await ask({ ...NOTHING }, 3);
  expect(fields()).toEqual(['', 'WARNING', 'segment', '12', '']);
  act(() => {
    root.unmount();
  });
});
