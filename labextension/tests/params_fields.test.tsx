import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { EditorDialog } from '../src/params/dialog';
import { TextEntry } from '../src/params/entry';
import { ValueInput } from '../src/params/field';
import { keepFocus } from '../src/params/kept_focus';
import { accepts } from './accepts';
import { param } from './pipeline/catalogue';

const trans = nullTranslator.load('');

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

/** The only field of what is drawn. */
function field(element: React.JSX.Element): HTMLInputElement {
  const host = document.createElement('div');
  document.body.append(host);
  act(() => {
    createRoot(host).render(element);
  });
  const found = host.querySelector('input');
  if (found === null) {
    throw new Error('There is no field.');
  }
  return found;
}

function leave(input: HTMLInputElement): void {
  act(() => {
    input.focus();
    input.blur();
  });
}

function type(input: HTMLInputElement, text: string): void {
  act(() => {
    // As the browser does it: past what React has put over the field.
    Reflect.set(HTMLInputElement.prototype, 'value', text, input);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

describe('a field that is left as it was', () => {
  it.each([', ', ' ', 'a ', ''])('gives on nothing: %j', text => {
    const change = vi.fn();
    const input = field(<TextEntry text={text} label="sep" onChange={change} />);
    leave(input);
    expect(change).not.toHaveBeenCalled();
    type(input, 'b ');
    leave(input);
    expect(change.mock.calls).toEqual([['b']]);
  });

  it.each(["', '", "''", "' '", "'a'"])('keeps the value: %s', text => {
    const change = vi.fn();
    const sep = { ...param('sep', null), accepts: accepts('str') };
    const input = field(
      <ValueInput id="sep" param={sep} text={text} onChange={change} trans={trans} />
    );
    leave(input);
    expect(change).not.toHaveBeenCalled();
    type(input, '');
    leave(input);
    expect(change.mock.calls).toEqual([[undefined]]);
  });
});

describe('the focus', () => {
  const focused = (): string | null | undefined => document.activeElement?.textContent;

  it('goes on beside what goes, as near as there is something, and only then', async () => {
    const host = document.createElement('div');
    host.innerHTML =
      '<button>first</button><ul><li><button>a</button></li><li><button>b</button></li>' +
      '<li><button>c</button></li></ul><button>last</button>';
    document.body.append(host);
    const end = keepFocus(host);
    const button = (text: string): HTMLButtonElement => {
      const found = [...host.querySelectorAll('button')].find(each => each.textContent === text);
      if (found === undefined) {
        throw new Error(`There is no ${text}.`);
      }
      return found;
    };
    button('b').focus();
    button('b').parentElement?.remove();
    await expect.poll(focused).toBe('c');
    button('c').disabled = true;
    await expect.poll(focused).toBe('a');
    host.querySelector('ul')?.remove();
    await expect.poll(focused).toBe('last');
    // Left on purpose, it is not brought back.
    button('first').focus();
    button('first').blur();
    await new Promise(resolve => setTimeout(resolve, 20));
    button('first').remove();
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(document.activeElement).toBe(document.body);
    end();
    host.remove();
  });

  it('goes on at nothing that is folded away or cannot have it', async () => {
    const host = document.createElement('div');
    host.innerHTML =
      '<button>first</button><p><button>gone</button></p>' +
      '<details><summary>more</summary><button>folded</button></details><button>hidden</button>';
    document.body.append(host);
    const end = keepFocus(host);
    const [, gone, , hidden] = host.querySelectorAll('button');
    // What is not displayed does not take the focus.
    Object.assign(hidden ?? {}, { focus: () => undefined });
    gone?.focus();
    host.querySelector('summary')?.setAttribute('tabindex', '-1');
    gone?.parentElement?.remove();
    await expect.poll(focused).toBe('first');
    end();
    host.remove();
  });

  it('goes round in the dialog of an editor, whatever has come into it', async () => {
    const Grown = (): React.JSX.Element => {
      const [isGrown, setGrown] = React.useState(false);
      return isGrown ? (
        <input aria-label="new" />
      ) : (
        <button
          onClick={() => {
            setGrown(true);
          }}
        >
          grow
        </button>
      );
    };
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
    const dialog = new EditorDialog({
      body: ReactWidget.create(<Grown />),
      buttons: [Dialog.okButton({ label: 'Done' })],
      focusNodeSelector: 'button'
    });
    const ended = dialog.launch();
    await dialog.ready;
    const press = (shiftKey: boolean): void => {
      document.activeElement?.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'Tab', shiftKey, bubbles: true, cancelable: true })
      );
    };
    expect(focused()).toBe('grow');
    (document.activeElement as HTMLElement).click();
    const name = (): string | null | undefined =>
      document.activeElement?.getAttribute('aria-label') ?? focused();
    await expect.poll(name).toBe('new');
    press(true);
    expect(name()).toBe('Done');
    press(false);
    expect(name()).toBe('new');
    dialog.resolve(0);
    await ended;
  });
});
