/** Whether an input collects a list, over what, and what a failed member means. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IGather } from '../pipeline/document';
import { SAMPLE } from '../pipeline/document';

interface IProps {
  input: string;
  gather: IGather | null;
  /** What can be collected over: the samples, and steps that branch. */
  dimensions: readonly string[];
  /** Columns by which lists can be kept apart. */
  columns: readonly string[];
  onChange: (gather: IGather | null) => void;
  trans: TranslationBundle;
}

export function GatherField(props: IProps): React.JSX.Element {
  const { input, gather, dimensions, columns, onChange, trans } = props;
  const every = [...new Set([...dimensions, ...(gather?.over ?? [])])];
  const groups = columns.filter(column => column !== SAMPLE);
  const over = (name: string, on: boolean): void => {
    const next = every.filter(each => (each === name ? on : gather?.over.includes(each) === true));
    onChange(
      next.length === 0
        ? null
        : { over: next, by: gather?.by ?? [], onFailure: gather?.onFailure ?? 'wait' }
    );
  };
  return (
    <fieldset className="pm-Gather">
      <legend>{trans.__('Collect into one list for %1', input)}</legend>
      {every.map(name => (
        <Check
          key={name}
          label={
            name === SAMPLE ? trans.__('over the samples') : trans.__('over branches of %1', name)
          }
          checked={gather?.over.includes(name) === true}
          onChange={on => {
            over(name, on);
          }}
        />
      ))}
      {gather !== null &&
        gather.over.includes(SAMPLE) &&
        [...new Set([...groups, ...gather.by])].map(column => (
          <Check
            key={column}
            label={trans.__('one list for each %1', column)}
            checked={gather.by.includes(column)}
            onChange={on => {
              const by = gather.by.filter(each => each !== column);
              onChange({ ...gather, by: on ? [...by, column] : by });
            }}
          />
        ))}
      {gather !== null && (
        <Check
          label={trans.__('go on without members that failed')}
          checked={gather.onFailure === 'go_on'}
          onChange={on => {
            onChange({ ...gather, onFailure: on ? 'go_on' : 'wait' });
          }}
        />
      )}
    </fieldset>
  );
}

interface ICheckProps {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
}

function Check({ label, checked, onChange }: ICheckProps): React.JSX.Element {
  return (
    <label className="pm-Check">
      <input
        type="checkbox"
        checked={checked}
        onChange={event => {
          onChange(event.target.checked);
        }}
      />
      {label}
    </label>
  );
}
