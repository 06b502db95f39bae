/** Branches as a table: one row, one branch; one column, one parameter. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { ValueInput } from '../params/field';
import type { INamedParam } from '../params/form';
import { toText } from '../params/text';
import type { Branches, Params } from '../pipeline/document';
import { pastedCells } from '../samples/sheet';
import { AddParam, GoneParam } from './parts';
import { branching } from './sets';

interface IProps {
  members: readonly Params[];
  params: readonly INamedParam[];
  onChange: (branches: Branches, said: string) => void;
  trans: TranslationBundle;
}

export function BranchList({ members, params, onChange, trans }: IProps): React.JSX.Element {
  const id = React.useId();
  const [added, setAdded] = React.useState<readonly string[]>([]);
  const names = [...new Set([...branching({ kind: 'listed', members }), ...added])];
  const columns = names.flatMap(name => params.find(each => each.name === name) ?? []);
  const gone = names.filter(name => !columns.some(each => each.name === name));
  const change = (next: readonly Params[], said: string): void => {
    onChange({ kind: 'listed', members: next }, said);
  };
  const put = (row: number, name: string, text: string | undefined): void => {
    change(
      members.map((set, place) => (place === row ? changed(set, name, text) : set)),
      trans.__('Set %1 in branch %2', name, row + 1)
    );
  };
  const paste = (row: number, column: number, text: string): void => {
    const next = [...members];
    pastedCells(text).forEach((cells, down) => {
      let set = next[row + down] ?? new Map<string, string>();
      cells.forEach((cell, right) => {
        const found = columns[column + right];
        if (found !== undefined) {
          const value = cell === '' ? undefined : toText(found.param.accepts, cell);
          set = changed(set, found.name, value);
        }
      });
      next[row + down] = set;
    });
    change(next, trans.__('Paste branches'));
  };
  return (
    <>
      <AddParam
        params={params.filter(each => !names.includes(each.name))}
        add={name => {
          setAdded([...added, name]);
        }}
        trans={trans}
      />
      {gone.map(name => (
        <GoneParam
          key={name}
          name={name}
          remove={() => {
            change(
              members.map(set => changed(set, name, undefined)),
              trans.__('Remove %1', name)
            );
          }}
          trans={trans}
        />
      ))}
      <div className="pm-Scroll">
        <table className="pm-Table pm-Sheet">
          <caption className="pm-offscreen">{trans.__('Branches')}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Branch')}</th>
              {columns.map(each => (
                <th key={each.name} scope="col">
                  {each.name}
                </th>
              ))}
              <th scope="col">
                <span className="pm-offscreen">{trans.__('Remove')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {members.map((set, row) => (
              <tr key={row}>
                <th scope="row">{row + 1}</th>
                {columns.map((each, column) => (
                  <td
                    key={each.name}
                    onPaste={event => {
                      const text = event.clipboardData.getData('text/plain');
                      if (/[\t\n]/.test(text.trim())) {
                        event.preventDefault();
                        paste(row, column, text);
                      }
                    }}
                  >
                    <ValueInput
                      id={`${id}-${row}-${each.name}`}
                      param={{ ...each.param, doc: '' }}
                      text={set.get(each.name)}
                      label={trans.__('%1 in branch %2', each.name, row + 1)}
                      onChange={text => {
                        put(row, each.name, text);
                      }}
                      trans={trans}
                    />
                  </td>
                ))}
                <td>
                  <button
                    type="button"
                    className="pm-TextButton"
                    aria-label={trans.__('Remove branch %1', row + 1)}
                    onClick={() => {
                      change(
                        members.filter((_, place) => place !== row),
                        trans.__('Remove branch %1', row + 1)
                      );
                    }}
                  >
                    {trans.__('Remove')}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => {
          change([...members, new Map()], trans.__('Add branch'));
        }}
      >
        {trans.__('Add branch')}
      </button>
    </>
  );
}

function changed(set: Params, name: string, text: string | undefined): Params {
  const next = new Map(set);
  if (text === undefined) {
    next.delete(name);
  } else {
    next.set(name, text);
  }
  return next;
}
