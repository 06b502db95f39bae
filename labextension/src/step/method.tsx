/** Another method in the place of one that is not registered; what is set stays. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMethod } from '../api/methods';

interface IProps {
  /** What the step asks for; empty, nothing. */
  method: string;
  methods: readonly IMethod[];
  onChange: (method: string) => void;
  trans: TranslationBundle;
}

export function MethodField({ method, methods, onChange, trans }: IProps): React.JSX.Element {
  const id = React.useId();
  const modules = [...new Set(methods.map(each => each.module))];
  return (
    <div className="pm-Entry">
      <label htmlFor={id}>{trans.__('Method')}</label>
      <select
        id={id}
        className="jp-mod-styled"
        value={method}
        onChange={event => {
          onChange(event.target.value);
        }}
      >
        <option value={method}>
          {method === '' ? trans.__('choose a method…') : trans.__('%1 (not registered)', method)}
        </option>
        {modules.map(module => (
          <optgroup key={module} label={module}>
            {methods
              .filter(each => each.module === module && each.latest !== null)
              .map(each => (
                <option key={each.method} value={each.method}>
                  {each.method}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
}
