/** What the editors of branches share. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { INamedParam } from '../params/form';

interface IAddProps {
  /** Those that can be added. */
  params: readonly INamedParam[];
  add: (name: string) => void;
  trans: TranslationBundle;
}

/** Choose a parameter to branch by. */
export function AddParam({ params, add, trans }: IAddProps): React.JSX.Element | null {
  const id = React.useId();
  if (params.length === 0) {
    return null;
  }
  return (
    <div className="pm-Row">
      <label htmlFor={id}>{trans.__('Branch by')}</label>
      <select
        id={id}
        className="jp-mod-styled"
        value=""
        onChange={event => {
          if (event.target.value !== '') {
            add(event.target.value);
          }
        }}
      >
        <option value="">{trans.__('Choose a parameter…')}</option>
        {params.map(each => (
          <option key={each.name} value={each.name}>
            {each.name}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A parameter that branches set and this version does not have. */
export function GoneParam(props: {
  name: string;
  remove: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { name, remove, trans } = props;
  return (
    <p className="pm-Fault">
      {trans.__('This version has no parameter %1.', name)}{' '}
      <button type="button" className="pm-TextButton" onClick={remove}>
        {trans.__('Remove %1', name)}
      </button>
    </p>
  );
}
