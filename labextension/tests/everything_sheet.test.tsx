import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import type { Everything } from '../src/api/everything';
import { NO_FILTER } from '../src/everything/filter';
import { readLook } from '../src/everything/look';
import { Sheet } from '../src/everything/sheet';
import { Here, HereContext } from '../src/screen/here';
import { server } from './server';
import { Told } from './told';

afterEach(() => {
  vi.unstubAllGlobals();
});

it('a method that is registered while somebody looks folds nothing', () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {
        // Nothing changes its size here.
      }
      disconnect(): void {
        // Nor was anything heard.
      }
    }
  );
  const trans = nullTranslator.load('');
  const here = new Here(new Api(server({}).settings), new Told(), new CommandRegistry(), trans);
  const nothing = (): void => undefined;
  const everything = (methods: number): Everything => ({
    methods: Array.from({ length: methods }, (_, index) => ({
      ...{ method: `m${index}`, module: index < 20 ? 'a' : 'b', versions: 1, runs: {} }
    })),
    edges: []
  });
  const host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  const show = (methods: number, key = 'one'): void => {
    act(() => {
      root.render(
        <HereContext.Provider value={here}>
          <Sheet
            key={key}
            everything={everything(methods)}
            looking={{
              ...{ filter: NO_FILTER, look: readLook('') },
              ...{ onFilter: nothing, turn: nothing, moved: nothing }
            }}
            chosen={new Set()}
            onChoose={nothing}
          />
        </HereContext.Provider>
      );
    });
  };
  const unfolded = (): number =>
    host.querySelectorAll('[data-pm-node^="module/"][aria-expanded="true"]').length;
  show(40);
  expect(unfolded()).toBe(2);
  show(41);
  expect(unfolded()).toBe(2);
  expect(host.textContent).toContain('41 methods');
  // Opened anew it begins with an overview.
  show(41, 'two');
  expect(unfolded()).toBe(0);
  act(() => {
    root.unmount();
  });
  host.remove();
});
