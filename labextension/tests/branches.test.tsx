import { nullTranslator } from '@jupyterlab/translation';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeEach, describe, expect, it } from 'vitest';

import type { IParam } from '../src/api/methods';
import { BranchesEditor, countText } from '../src/branches/editor';
import { as, branching, count, freeName, orNone, setsOf } from '../src/branches/sets';
import type { INamedParam } from '../src/params/form';
import type { Branches } from '../src/pipeline/document';

const trans = nullTranslator.load('');
const GRID: Branches = {
  kind: 'grid',
  axes: new Map([
    ['gate.k', ['3', '5']],
    ['gate.sigma', ['1.0', '2.0', '3.0']]
  ])
};

function param(name: string, kind: 'int' | 'float'): INamedParam {
  const param: IParam = {
    name,
    kind: 'positional_or_keyword',
    type: kind,
    default: '1',
    default_source: '1',
    call_site: null,
    computed: false,
    doc: '',
    option: '',
    required: false,
    expected: '1',
    accepts: { kind, said: kind, optional: false, soft: false, choices: [], items: [] }
  };
  return { name: `gate.${name}`, function: 'gate', param };
}

describe('branches', () => {
  it('of a grid are every combination, the last parameter fastest', () => {
    expect(count(GRID)).toBe(6);
    expect(setsOf(GRID).map(set => [...set.values()].join(' '))).toEqual([
      '3 1.0',
      '3 2.0',
      '3 3.0',
      '5 1.0',
      '5 2.0',
      '5 3.0'
    ]);
    expect(countText(GRID, trans)).toBe('2 × 3 = 6 branches');
  });

  it('keep their values in another form, with names that differ', () => {
    const named = as('named', GRID);
    expect(named.kind === 'named' && named.members[0]?.name).toBe('k=3, sigma=1.0');
    expect(as('grid', as('listed', named))).toEqual(GRID);
    expect(branching(named)).toEqual(['gate.k', 'gate.sigma']);
  });

  it('without a member are none', () => {
    expect(orNone({ kind: 'grid', axes: new Map() })).toBeNull();
    expect(count(null)).toBe(0);
  });

  it('too many to show are counted, not made', () => {
    const many = Array.from({ length: 200 }, (_, n) => String(n));
    const axes = new Map(['a', 'b', 'c', 'd'].map(name => [name, many]));
    expect(count({ kind: 'grid', axes })).toBe(1_600_000_000);
    expect(setsOf({ kind: 'grid', axes })).toEqual([]);
  });

  it('get a free name', () => {
    expect(freeName([{ name: 'a', params: new Map() }], 'a')).toBe('a #2');
  });
});

describe('the editor', () => {
  let host: HTMLElement;
  let branches: Branches | null;

  beforeEach(() => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
    host = document.createElement('div');
    document.body.replaceChildren(host);
    branches = null;
    const root = createRoot(host);
    const render = (): void => {
      root.render(
        <BranchesEditor
          branches={branches}
          params={[param('k', 'int'), param('sigma', 'float')]}
          onChange={next => {
            branches = next;
            render();
          }}
          trans={trans}
        />
      );
    };
    act(render);
  });

  const type = (label: string, text: string): void => {
    const field = host.querySelector<HTMLInputElement>(`[aria-label="${label}"]`);
    if (field === null) {
      throw new Error(`no field ${label}: ${host.innerHTML}`);
    }
    act(() => {
      const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
      value?.set?.call(field, text);
      field.dispatchEvent(new Event('input', { bubbles: true }));
    });
    act(() => {
      field.dispatchEvent(new FocusEvent('focusout', { bubbles: true }));
    });
  };
  const choose = (value: string): void => {
    const select = host.querySelector('select');
    act(() => {
      if (select !== null) {
        select.value = value;
        select.dispatchEvent(new Event('change', { bubbles: true }));
      }
    });
  };
  const click = (text: string): void => {
    const button = [...host.querySelectorAll('button')].find(each => each.textContent === text);
    act(() => {
      button?.click();
    });
  };
  const status = (): string => host.querySelector('.pm-Branches-count')?.textContent ?? '';

  it('makes a grid, value by value, with the count', () => {
    choose('gate.sigma');
    type('Next value of gate.sigma', '0.5');
    type('Next value of gate.sigma', '1');
    expect(branches).toEqual({ kind: 'grid', axes: new Map([['gate.sigma', ['0.5', '1.0']]]) });
    expect(status()).toBe('2 branches');
    choose('gate.k');
    type('Next value of gate.k', '3');
    type('Next value of gate.k', '5');
    expect(status()).toBe('2 × 2 = 4 branches');
  });

  it('turns the grid into named branches, and back into none', () => {
    choose('gate.k');
    type('Next value of gate.k', '3');
    click('Form');
    click('Add branch');
    expect(branches).toMatchObject({
      kind: 'named',
      members: [{ name: 'k=3' }, { name: 'branch 2' }]
    });
    click('Do not branch here');
    expect(branches).toBeNull();
    expect(status()).toBe('This step does not branch.');
  });

  it('as a list has a row for each branch', () => {
    click('List');
    click('Add branch');
    click('Add branch');
    choose('gate.k');
    type('gate.k in branch 2', '7');
    expect(branches).toEqual({
      kind: 'listed',
      members: [new Map(), new Map([['gate.k', '7']])]
    });
  });

  it('keeps a wrong value and says what is expected', () => {
    choose('gate.k');
    type('Next value of gate.k', 'many');
    expect(branches).toEqual({ kind: 'grid', axes: new Map([['gate.k', ['many']]]) });
    expect(host.textContent).toContain('Expected: int.');
  });
});
