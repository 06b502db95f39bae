/** Several values of one parameter, one field each. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IParam } from '../api/methods';
import { ValueInput } from './field';

interface IProps {
  /** `function.param`. */
  name: string;
  param: IParam;
  values: readonly string[];
  /** Whether the person goes on here: the parameter was just chosen. */
  begin?: boolean;
  /** Called with the values; null ends trying several. */
  onChange: (values: readonly string[] | null) => void;
  trans: TranslationBundle;
}

export function SeveralField(props: IProps): React.JSX.Element {
  const { name, param, values, begin = false, onChange, trans } = props;
  const id = React.useId();
  // One empty field is always there for the next value; it becomes one when it is left.
  const rows = [...values, undefined];
  const list = React.useRef<HTMLOListElement>(null);
  React.useEffect(() => {
    if (begin) {
      list.current?.lastElementChild?.querySelector('input')?.focus();
    }
  }, [begin]);
  // Enter in it goes on to the field after it, so that values are typed one after the other.
  const wantsNext = React.useRef(false);
  React.useEffect(() => {
    if (wantsNext.current) {
      wantsNext.current = false;
      list.current?.lastElementChild?.querySelector('input')?.focus();
    }
  }, [values.length]);
  return (
    <fieldset className="pm-Several pm-Param" data-pm-set="true">
      <legend className="pm-Param-head">
        {param.name} <span className="pm-Param-type">{param.accepts.said}</span>
      </legend>
      <ol
        ref={list}
        className="pm-Several-list"
        aria-label={trans.__('Values of %1', name)}
        onKeyDown={event => {
          const field = list.current?.lastElementChild?.querySelector('input');
          if (event.key === 'Enter' && event.target === field && field.value !== '') {
            wantsNext.current = true;
          }
        }}
      >
        {rows.map((value, index) => (
          <li key={index}>
            <ValueInput
              id={`${id}-${index}`}
              param={param}
              text={value}
              label={
                value === undefined
                  ? trans.__('Next value of %1', name)
                  : trans.__('Value %1 of %2', index + 1, name)
              }
              onChange={text => {
                const next = [...values];
                if (text === undefined) {
                  next.splice(index, 1);
                } else {
                  next[index] = text;
                }
                onChange(next);
              }}
              trans={trans}
            />
            {value !== undefined && (
              <button
                type="button"
                className="pm-TextButton"
                aria-label={trans.__('Remove value %1 of %2', index + 1, name)}
                onClick={() => {
                  onChange(values.filter((_, place) => place !== index));
                }}
              >
                {trans.__('Remove')}
              </button>
            )}
          </li>
        ))}
      </ol>
      <p className="pm-Param-doc">
        {trans._n('%1 value: one branch.', '%1 values: each is a branch.', values.length)}{' '}
        <button
          type="button"
          className="pm-TextButton"
          aria-label={trans.__('Use one value of %1', name)}
          onClick={() => {
            onChange(null);
          }}
        >
          {trans.__('Use one value')}
        </button>
      </p>
    </fieldset>
  );
}
