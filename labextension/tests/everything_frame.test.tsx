import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import { Frame } from '../src/everything/frame';
import type { IPlace } from '../src/everything/look';
import { moveInGraph } from '../src/screen/graph_keys';
import { Here, HereContext } from '../src/screen/here';
import { server } from './server';
import { Told } from './told';

afterEach(() => {
  vi.unstubAllGlobals();
});

it.each([
  ['zoomed by a button', 1.25],
  ['walked by a key', 1]
])('a frame that is on the way to where it was left is %s, and stays so', (how, zoom) => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  let grow = (): void => undefined;
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(told: () => void) {
        grow = told;
      }
      observe(): void {
        grow();
      }
      disconnect(): void {
        // It tells nothing more by itself.
      }
    }
  );
  // There is less in it than before: it cannot be scrolled so far.
  let [most, left] = [1000, 0];
  vi.spyOn(Element.prototype, 'scrollLeft', 'get').mockImplementation(() => left);
  vi.spyOn(Element.prototype, 'scrollLeft', 'set').mockImplementation(to => {
    left = Math.min(most, to);
  });
  const trans = nullTranslator.load('');
  const here = new Here(new Api(server({}).settings), new Told(), new CommandRegistry(), trans);
  const moved: IPlace[] = [];
  const host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  const nothing = (): void => undefined;
  act(() => {
    root.render(
      <HereContext.Provider value={here}>
        <Frame
          label="All"
          place={{ zoom: 1, left: 5000, top: 0 }}
          onMoved={place => moved.push(place)}
          onWalk={nothing}
          onFocus={nothing}
          onClick={nothing}
        >
          all
        </Frame>
      </HereContext.Provider>
    );
  });
  expect([left, moved]).toEqual([1000, []]);
  act(() => {
    const frame = host.querySelector('.pm-Everything-frame');
    if (how === 'walked by a key') {
      // As by the Lab, which tells the frame nothing else of it.
      moveInGraph(frame, 'right');
      frame?.dispatchEvent(new Event('scroll'));
    } else {
      host.querySelector<HTMLButtonElement>('button[title="Zoom in"]')?.click();
    }
  });
  expect(moved).toEqual([{ zoom, left: 1000, top: 0 }]);
  most = 9000;
  act(() => {
    grow();
  });
  expect(left).toBe(1000);
  // The point in the middle stays there, also for keys that come faster than it is drawn.
  act(() => {
    const frame = host.querySelector('.pm-Everything-frame');
    moveInGraph(frame, 'in');
    moveInGraph(frame, 'in');
  });
  expect(left).toBe(1562.5);
  act(() => {
    root.unmount();
  });
  host.remove();
});
