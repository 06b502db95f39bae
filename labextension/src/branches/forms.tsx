/** Named branches, each as a small form. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { TextEntry } from '../params/entry';
import { ValueInput } from '../params/field';
import type { INamedParam } from '../params/form';
import type { Branches, INamedBranch } from '../pipeline/document';
import { AddParam, GoneParam } from './parts';
import { branching, freeName } from './sets';

interface IProps {
  members: readonly INamedBranch[];
  params: readonly INamedParam[];
  onChange: (branches: Branches, said: string) => void;
  trans: TranslationBundle;
}

export function BranchForms({ members, params, onChange, trans }: IProps): React.JSX.Element {
  const id = React.useId();
  const [added, setAdded] = React.useState<readonly string[]>([]);
  const names = [...new Set([...branching({ kind: 'named', members }), ...added])];
  const change = (next: readonly INamedBranch[], said: string): void => {
    onChange({ kind: 'named', members: next }, said);
  };
  const set = (place: number, branch: INamedBranch, said: string): void => {
    change(
      members.map((each, index) => (index === place ? branch : each)),
      said
    );
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
      {members.map((branch, place) => (
        <fieldset key={place} className="pm-Branch">
          <legend className="pm-offscreen">{trans.__('Branch %1', branch.name)}</legend>
          <div className="pm-Row">
            <NameInput
              name={branch.name}
              taken={members.filter((_, index) => index !== place).map(each => each.name)}
              onChange={name => {
                set(place, { ...branch, name }, trans.__('Rename branch'));
              }}
              trans={trans}
            />
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Remove branch %1', branch.name)}
              onClick={() => {
                change(
                  members.filter((_, index) => index !== place),
                  trans.__('Remove branch %1', branch.name)
                );
              }}
            >
              {trans.__('Remove')}
            </button>
          </div>
          {names.map(name => {
            const found = params.find(each => each.name === name);
            const put = (text: string | undefined): void => {
              const values = new Map(branch.params);
              if (text === undefined) {
                values.delete(name);
              } else {
                values.set(name, text);
              }
              set(
                place,
                { ...branch, params: values },
                trans.__('Set %1 in branch %2', name, branch.name)
              );
            };
            if (found === undefined) {
              return branch.params.has(name) ? (
                <GoneParam
                  key={name}
                  name={name}
                  remove={() => {
                    put(undefined);
                  }}
                  trans={trans}
                />
              ) : null;
            }
            return (
              <div key={name} className="pm-Param" data-pm-set={branch.params.has(name)}>
                <div className="pm-Param-head">
                  <label htmlFor={`${id}-${place}-${name}`}>{name}</label>
                  <span className="pm-Param-type">{found.param.accepts.said}</span>
                </div>
                <ValueInput
                  id={`${id}-${place}-${name}`}
                  param={{ ...found.param, doc: '' }}
                  text={branch.params.get(name)}
                  onChange={put}
                  trans={trans}
                />
              </div>
            );
          })}
        </fieldset>
      ))}
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => {
          const name = freeName(members, trans.__('branch %1', members.length + 1));
          change([...members, { name, params: new Map() }], trans.__('Add branch'));
        }}
      >
        {trans.__('Add branch')}
      </button>
    </>
  );
}

interface INameProps {
  name: string;
  taken: readonly string[];
  onChange: (name: string) => void;
  trans: TranslationBundle;
}

function NameInput({ name, taken, onChange, trans }: INameProps): React.JSX.Element {
  const id = React.useId();
  return (
    <>
      <label htmlFor={id}>{trans.__('Name')}</label>
      <TextEntry
        id={id}
        text={name}
        check={text =>
          text === ''
            ? trans.__('A branch needs a name.')
            : taken.includes(text)
              ? trans.__('Another branch has this name.')
              : null
        }
        onChange={onChange}
      />
    </>
  );
}
