import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { EditorDialog, showEditor } from '../src/params/dialog';
import { TextEntry } from '../src/params/entry';
import { ValueInput } from '../src/params/field';
import { ParamsForm } from '../src/params/form';
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
    dialog.resolve();
    await ended;
  });

  it('goes to the next value where several are tried: what is there already is not typed on', async () => {
    const sigma = { name: 'f.sigma', function: 'f', param: param('sigma', '1.5') };
    const Form = (): React.JSX.Element => {
      const [values, setValues] = React.useState<readonly string[] | null>(null);
      return (
        <ParamsForm
          params={[sigma]}
          values={new Map()}
          several={values === null ? new Map() : new Map([['f.sigma', values]])}
          onChange={() => undefined}
          onSeveral={(_, next) => {
            setValues(next);
          }}
          trans={trans}
        />
      );
    };
    const host = document.body.appendChild(document.createElement('div'));
    act(() => {
      createRoot(host).render(<Form />);
    });
    const end = keepFocus(host);
    const press = (name: string): void => {
      const button = host.querySelector<HTMLElement>(`[aria-label="${name}"]`);
      button?.focus();
      act(() => button?.click());
    };
    const name = (): string | null | undefined =>
      document.activeElement?.getAttribute('aria-label');
    press('Try several values of f.sigma');
    expect(host.querySelectorAll('input')[0]?.value).toBe('1.5');
    expect(name()).toBe('Next value of f.sigma');
    press('Use one value of f.sigma');
    await expect.poll(() => document.activeElement?.tagName).toBe('INPUT');
    end();
    host.remove();
  });

  it.each(['button', 'palette'])('is not lost with an editor that a %s opened', async opener => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
    const from = document.body.appendChild(document.createElement('button'));
    from.textContent = opener;
    from.focus();
    const goOn = vi.fn();
    const shown = showEditor('Samples', <input />, trans, goOn);
    const done = (): HTMLElement | null => document.querySelector('.jp-Dialog .jp-mod-accept');
    await expect.poll(done).not.toBeNull();
    if (opener === 'palette') {
      from.remove();
    }
    done()?.click();
    await shown;
    expect(goOn).toHaveBeenCalledTimes(opener === 'palette' ? 1 : 0);
    expect(focused()).toContain(opener === 'palette' ? '' : opener);
    from.remove();
  });

  it('is shown behind what is asked from it, which has the focus until it is answered', async () => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
    const goOn = vi.fn();
    const shown = showEditor('Samples', <input aria-label="names" />, trans, goOn);
    const names = (): HTMLElement | null => document.querySelector('[aria-label=names]');
    await expect.poll(() => names() === document.activeElement).toBe(true);
    const asked = new Dialog({
      title: 'Choose a file',
      buttons: [Dialog.okButton({ label: 'Select' })]
    });
    const answer = asked.launch();
    await expect.poll(focused).toBe('Select');
    names()?.focus();
    expect(focused()).toBe('Select');
    (document.activeElement as HTMLElement).click();
    expect((await answer).button.accept).toBe(true);
    expect(document.activeElement).toBe(names());
    document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-accept')?.click();
    await shown;
    expect(document.querySelector('.jp-Dialog')).toBeNull();
  });
});
