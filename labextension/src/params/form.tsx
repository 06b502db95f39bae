/** All parameters of a version, by tracked function. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IDeclaration, IParam } from '../api/methods';
import { ParamField } from './field';
import { SeveralField } from './several';

/** A parameter with the name that documents use: `function.param`. */
export interface INamedParam {
  name: string;
  function: string;
  param: IParam;
}

/** The parameters that a version lets a plan set, in the order of the code. */
export function paramsOf(declaration: IDeclaration): readonly INamedParam[] {
  return [...declaration.tracked]
    .sort((a, b) => a.ordinal - b.ordinal)
    .flatMap(tracked =>
      tracked.params
        .filter(param => tracked.selected === null || tracked.selected.includes(param.name))
        .map(param => ({
          name: `${tracked.function}.${param.name}`,
          function: tracked.function,
          param
        }))
    );
}

interface IProps {
  params: readonly INamedParam[];
  /** `function.param` to text. */
  values: ReadonlyMap<string, string>;
  /** Parameters of which several values are tried. */
  several?: ReadonlyMap<string, readonly string[]>;
  /** `function.param` to what the server says of it. */
  problems?: ReadonlyMap<string, readonly string[]>;
  onChange: (name: string, text: string | undefined) => void;
  /** Where several values can be tried; null ends it. */
  onSeveral?: (name: string, values: readonly string[] | null) => void;
  trans: TranslationBundle;
}

export function ParamsForm(props: IProps): React.JSX.Element {
  const { params, values, several, problems, onChange, onSeveral, trans } = props;
  const functions = [...new Set(params.map(each => each.function))];
  const known = new Set(params.map(each => each.name));
  const gone = [...values.keys()].filter(name => !known.has(name));
  // The parameter that was just chosen: the person goes on at its next value.
  const [begun, setBegun] = React.useState<string | null>(null);
  return (
    <div className="pm-Params">
      {params.length === 0 && (
        <p className="pm-Hint">{trans.__('This method has no parameters that a plan can set.')}</p>
      )}
      {functions.map(name => (
        <fieldset key={name} className="pm-Params-function">
          <legend>{name}</legend>
          {params
            .filter(each => each.function === name)
            .map(each => {
              const tried = several?.get(each.name);
              return tried !== undefined && onSeveral !== undefined ? (
                <SeveralField
                  key={each.name}
                  name={each.name}
                  param={each.param}
                  values={tried}
                  begin={each.name === begun}
                  onChange={next => {
                    setBegun(null);
                    onSeveral(each.name, next);
                  }}
                  trans={trans}
                />
              ) : (
                <ParamField
                  key={each.name}
                  name={each.name}
                  param={each.param}
                  text={values.get(each.name)}
                  problems={problems?.get(each.name) ?? []}
                  onChange={text => {
                    onChange(each.name, text);
                  }}
                  {...(onSeveral === undefined
                    ? {}
                    : {
                        onSeveral: () => {
                          const first = values.get(each.name) ?? each.param.expected;
                          // A described value ("<…>") is no text that could be set.
                          const start = first?.startsWith('<') === false ? [first] : [];
                          setBegun(each.name);
                          onSeveral(each.name, start);
                        }
                      })}
                  trans={trans}
                />
              );
            })}
        </fieldset>
      ))}
      {gone.length > 0 && (
        <fieldset className="pm-Params-function">
          <legend>{trans.__('Not in this version')}</legend>
          {gone.map(name => (
            <div key={name} className="pm-Param" data-pm-set="true">
              <div className="pm-Param-head">
                <span>
                  {name} = <code>{values.get(name)}</code>
                </span>
                <button
                  type="button"
                  className="pm-TextButton"
                  aria-label={trans.__('Remove %1', name)}
                  onClick={() => {
                    onChange(name, undefined);
                  }}
                >
                  {trans.__('Remove')}
                </button>
              </div>
            </div>
          ))}
        </fieldset>
      )}
    </div>
  );
}
