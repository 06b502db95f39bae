/** What a step asks of the machine: processors, memory, time, queue, retries, container. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { TextEntry } from '../params/entry';
import type { Resources } from '../pipeline/document';

interface IField {
  key: string;
  label: (trans: TranslationBundle) => string;
  example: string;
  /** Why a text cannot be, null where it can; the server says the same. */
  fault: (text: string, trans: TranslationBundle) => string | null;
  /** The text as the document holds it. */
  value: (text: string) => string | number;
}

const whole = (least: number) => (text: string, trans: TranslationBundle) =>
  /^\d{1,9}$/.test(text) && Number(text) >= least
    ? null
    : trans.__('A whole number, %1 or more.', least);

const FIELDS: readonly IField[] = [
  {
    key: 'cpus',
    label: trans => trans.__('Processors'),
    example: '4',
    fault: whole(1),
    value: Number
  },
  {
    key: 'memory',
    label: trans => trans.__('Memory'),
    example: '2 GB',
    fault: (text, trans) =>
      /^\d+(?:\.\d+)? ?[KMGT]?B$/.test(text) && parseFloat(text) > 0
        ? null
        : trans.__('A number with a unit, as in %1.', '2 GB'),
    value: text => text
  },
  {
    key: 'time',
    label: trans => trans.__('Time limit'),
    example: '1h 30m',
    fault: (text, trans) =>
      /^(?:\d+(?:\.\d+)? ?(?:ms|s|m|h|d)\s*)+$/.test(text)
        ? null
        : trans.__('A span of time, as in %1.', '1h 30m'),
    value: text => text
  },
  {
    key: 'queue',
    label: trans => trans.__('Queue'),
    example: 'long',
    fault: () => null,
    value: text => text
  },
  {
    key: 'retries',
    label: trans => trans.__('Tries after a failure'),
    example: '0',
    fault: whole(0),
    value: Number
  },
  {
    key: 'container',
    label: trans => trans.__('Container'),
    example: 'docker.io/python:3.12',
    fault: () => null,
    value: text => text
  }
];

interface IProps {
  resources: Resources;
  onChange: (resources: Resources, said: string) => void;
  trans: TranslationBundle;
}

export function ResourcesForm({ resources, onChange, trans }: IProps): React.JSX.Element {
  return (
    <div className="pm-Resources">
      {FIELDS.map(field => (
        <ResourceField
          key={field.key}
          field={field}
          text={shown(resources[field.key])}
          onChange={value => {
            const next = { ...resources };
            if (value === null) {
              Reflect.deleteProperty(next, field.key);
            } else {
              next[field.key] = value;
            }
            onChange(next, trans.__('set %1', field.label(trans)));
          }}
          trans={trans}
        />
      ))}
    </div>
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

interface IFieldProps {
  field: IField;
  text: string;
  onChange: (value: string | number | null) => void;
  trans: TranslationBundle;
}

function ResourceField({ field, text, onChange, trans }: IFieldProps): React.JSX.Element {
  const id = React.useId();
  const fault = (word: string): string | null => (word === '' ? null : field.fault(word, trans));
  return (
    <div className="pm-Entry">
      <label htmlFor={id}>{field.label(trans)}</label>
      <TextEntry
        id={id}
        text={text}
        placeholder={trans.__('as the site says; for example %1', field.example)}
        check={fault}
        // What does not fit is kept as text: it is the server's to say what is wrong with it.
        lenient
        onChange={word => {
          onChange(word === '' ? null : fault(word) === null ? field.value(word) : word);
        }}
      />
    </div>
  );
}
