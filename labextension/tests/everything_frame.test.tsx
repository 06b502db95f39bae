import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import { Frame } from '../src/everything/frame';
import type { IPlace } from '../src/everything/look';
import { Here, HereContext } from '../src/screen/here';
import { server } from './server';
import { Told } from './told';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('a frame that is on the way to where it was left is zoomed by a button, and stays so', () => {
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
    host.querySelector<HTMLButtonElement>('button[title="Zoom in"]')?.click();
  });
  expect(moved).toEqual([{ zoom: 1.25, left: 1000, top: 0 }]);
  most = 9000;
  act(() => {
    grow();
  });
  expect(left).toBe(1000);
  act(() => {
    root.unmount();
  });
  host.remove();
});
