import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import { LogView } from '../src/runs/log_view';
import { Here, HereContext, useChanges } from '../src/screen/here';
import { Rows } from '../src/screen/rows';
import { Looking } from '../src/screen/looking';
import type { IChange } from '../src/tokens';
import { server } from './server';
import { Told } from './told';

const SLOW = { timeout: 20_000 };

const change = (id: number): IChange => ({
  kind: 'run',
  id,
  status: 'completed',
  plan: 12,
  planned: id,
  step: 'scale'
});

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('what keeps changing', () => {
  it('is looked at once for many changes, and once more for those during a look', async () => {
    vi.useFakeTimers();
    const answers: (() => void)[] = [];
    const looking = new Looking(
      () =>
        new Promise<void>(done => {
          answers.push(done);
        }),
      250
    );
    looking.ask();
    looking.ask();
    await vi.advanceTimersByTimeAsync(249);
    expect(answers).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(answers).toHaveLength(1);
    looking.ask();
    looking.ask();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(answers).toHaveLength(1);
    answers[0]?.();
    await vi.advanceTimersByTimeAsync(250);
    expect(answers).toHaveLength(2);
    answers[1]?.();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(answers).toHaveLength(2);
    // It does not go on when nobody wants it any more.
    looking.ask();
    looking.dispose();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(answers).toHaveLength(2);
  });

  it('is looked at again after a look that failed', async () => {
    vi.useFakeTimers();
    let looks = 0;
    const looking = new Looking(() => Promise.reject(new Error(`look ${++looks}`)), 250, 0);
    looking.ask();
    await vi.advanceTimersByTimeAsync(0);
    expect(looks).toBe(1);
    looking.ask();
    await vi.advanceTimersByTimeAsync(250);
    expect(looks).toBe(2);
    looking.dispose();
  });

  it('hears every change that comes with others', () => {
    const live = new Told();
    const api = new Api(server({}).settings);
    const here = new Here(api, live, new CommandRegistry(), nullTranslator.load(''));
    const heard: number[] = [];
    const fits = ({ id }: IChange): boolean => heard.push(id) > 0;
    const look = (): Promise<void> => Promise.resolve();
    function Screen(): null {
      useChanges(fits, look);
      return null;
    }
    const root = createRoot(document.createElement('div'));
    act(() => {
      root.render(
        <HereContext.Provider value={here}>
          <Screen />
        </HereContext.Provider>
      );
    });
    live.changed.emit([change(1), change(2), change(3)]);
    expect(heard).toEqual([1, 2, 3]);
    act(() => {
      root.unmount();
    });
  });
});

it('is looked at also where the screen turns to something else meanwhile', async () => {
  vi.useFakeTimers();
  const live = new Told();
  const api = new Api(server({}).settings);
  const here = new Here(api, live, new CommandRegistry(), nullTranslator.load(''));
  const looks: number[] = [];
  function Screen({ run }: { run: number }): null {
    useChanges(
      ({ id }: IChange) => id === run,
      () => Promise.resolve(looks.push(run))
    );
    return null;
  }
  const root = createRoot(document.createElement('div'));
  const draw = (run: number): void => {
    act(() => {
      root.render(
        <HereContext.Provider value={here}>
          <Screen run={run} />
        </HereContext.Provider>
      );
    });
  };
  draw(1);
  live.changed.emit([change(1)]);
  await vi.advanceTimersByTimeAsync(100);
  draw(2);
  expect(live.holders).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(looks).toEqual([2]);
  // From now on it is that one which concerns it.
  live.changed.emit([change(1)]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(looks).toEqual([2]);
  act(() => {
    root.unmount();
  });
});

describe('a log that grows', () => {
  it('stays where somebody has scrolled to', async () => {
    let text = 'line\n'.repeat(400);
    const { settings } = server({
      '/base/pm/api/runs/47/log': () => ({
        body: {
          run_id: 47,
          source: 'file',
          text,
          offset: 0,
          lines_before: 0,
          next_offset: text.length,
          size: text.length,
          ended: false
        }
      }),
      '/base/pm/api/runs/47/log/entries': {
        body: { run_id: 47, entries: [], after: null, ended: false }
      }
    });
    const live = new Told();
    const here = new Here(new Api(settings), live, new CommandRegistry(), nullTranslator.load(''));
    const host = document.createElement('div');
    const root = createRoot(host);
    const wanted = { line: 300 };
    // Drawn as in a browser, whenever something arrives.
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
    root.render(
      <HereContext.Provider value={here}>
        <LogView run={47} wanted={wanted} />
      </HereContext.Provider>
    );
    const lines = (): HTMLElement | null => host.querySelector('.pm-Log-lines');
    await expect.poll(() => lines()?.scrollTop, SLOW).toBe(299 * 18);
    const node = lines() as HTMLElement;
    node.scrollTop = 40;
    const height = (): string =>
      host.querySelector<HTMLElement>('.pm-Rows-space')?.style.height ?? '';
    const before = height();
    text = 'more\n';
    live.changed.emit([change(47)]);
    await expect.poll(height, SLOW).not.toBe(before);
    expect(node.scrollTop).toBe(40);
    root.unmount();
  }, 60_000);

  it('follows until somebody scrolls up, and again from its end on', () => {
    const host = document.createElement('div');
    const root = createRoot(host);
    const draw = (count: number): void => {
      act(() => {
        root.render(<Rows label="Log" count={count} height={18} follow row={() => null} />);
      });
    };
    draw(0);
    const node = host.querySelector('.pm-Rows') as HTMLElement;
    let count = 0;
    // As a browser lays it out: it scrolls no further than its end.
    let top = 0;
    Object.defineProperties(node, {
      clientHeight: { get: () => 180 },
      scrollHeight: { get: () => count * 18 },
      scrollTop: {
        get: () => top,
        set: (wanted: number) => {
          top = Math.max(0, Math.min(wanted, count * 18 - 180));
        }
      }
    });
    const grow = (to: number): void => {
      count = to;
      draw(to);
    };
    const scroll = (to: number): void => {
      node.scrollTop = to;
      act(() => {
        node.dispatchEvent(new Event('scroll', { bubbles: true }));
      });
    };
    grow(100);
    expect(top).toBe(100 * 18 - 180);
    // The browser tells of it later, when there is more already.
    count = 110;
    scroll(top);
    grow(120);
    expect(top).toBe(120 * 18 - 180);
    scroll(40);
    grow(130);
    expect(top).toBe(40);
    scroll(130 * 18);
    grow(140);
    expect(top).toBe(140 * 18 - 180);
    act(() => {
      root.unmount();
    });
  });
});
