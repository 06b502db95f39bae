import { nullTranslator } from '@jupyterlab/translation';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { TextEntry } from '../src/params/entry';
import { ValueInput } from '../src/params/field';
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
