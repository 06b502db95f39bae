/** Where each input of a step gets its data. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IInput } from '../api/methods';
import type { Binding, IPipeline } from '../pipeline/document';
import { isAbove } from '../pipeline/links';
import type { ISurroundings, SourceKind } from './source';
import { SourceEditor } from './source';

/** Which kinds of data an input of a declared type takes; the server has the last word. */
const KINDS: Record<IInput['type'], readonly SourceKind[]> = {
  upstream: ['step', 'run', 'column'],
  file: ['step', 'file', 'column', 'run'],
  value: ['value', 'column'],
  list: ['value', 'column']
};

interface IProps extends ISurroundings {
  inputs: readonly IInput[];
  /** Input to what the server says of it. */
  problems: ReadonlyMap<string, readonly string[]>;
  onChange: (input: string, binding: Binding | null, said: string) => void;
}

export function InputsForm(props: IProps): React.JSX.Element {
  const { step, inputs, onChange, trans } = props;
  const known = new Set(inputs.map(input => input.name));
  const gone = [...step.inputs.keys()].filter(name => !known.has(name));
  return (
    <div className="pm-Inputs">
      {inputs.length === 0 && <p className="pm-Hint">{trans.__('This method takes no data.')}</p>}
      {inputs.map(input => (
        <InputField key={input.name} {...props} input={input} />
      ))}
      {gone.map(name => (
        <p key={name} className="pm-Fault">
          {trans.__('This version has no input %1.', name)}{' '}
          <button
            type="button"
            className="pm-TextButton"
            onClick={() => {
              onChange(name, null, trans.__('clear %1', name));
            }}
          >
            {trans.__('Clear %1', name)}
          </button>
        </p>
      ))}
    </div>
  );
}

function InputField(props: IProps & { input: IInput }): React.JSX.Element {
  const { step, input, columns, problems, onChange, trans } = props;
  const id = React.useId();
  const binding = step.inputs.get(input.name) ?? null;
  // A kind that was chosen and says nothing yet; the document holds only what is said.
  const [chosen, setChosen] = React.useState<SourceKind | null>(null);
  const kind = binding?.kind ?? chosen;
  const told = problems.get(input.name) ?? [];
  const byName = columns.includes(input.name);
  const set = (next: Binding | null): void => {
    onChange(input.name, next, trans.__('set data of %1', input.name));
  };
  return (
    <fieldset className="pm-Input" data-pm-set={binding !== null}>
      <legend className="pm-Param-head">
        {input.name} <span className="pm-Param-type">{takes(input, trans)}</span>
      </legend>
      <select
        id={id}
        className="jp-mod-styled"
        aria-label={trans.__('Data for %1', input.name)}
        aria-invalid={told.length > 0}
        value={kind ?? ''}
        onChange={event => {
          const next = event.target.value === '' ? null : (event.target.value as SourceKind);
          setChosen(next);
          if (binding !== null) {
            set(null);
          }
        }}
      >
        <option value="">
          {byName
            ? trans.__('column "%1" of the samples', input.name)
            : input.required
              ? trans.__('choose data…')
              : trans.__('nothing')}
        </option>
        {KINDS[input.type].map(each => (
          <option key={each} value={each}>
            {kindText(each, trans)}
          </option>
        ))}
      </select>
      {kind !== null && <SourceEditor {...props} kind={kind} binding={binding} set={set} />}
      {input.description !== '' && <p className="pm-Param-doc">{input.description}</p>}
      {told.length > 0 && (
        <div className="pm-Fault" role="status">
          {told.map(sentence => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      )}
    </fieldset>
  );
}

/** What an input takes, in a word. */
export function takes(input: IInput, trans: TranslationBundle): string {
  const what =
    input.module !== null
      ? trans.__('result of %1', input.module)
      : (input.value_type ?? TYPES[input.type](trans));
  return input.gather ? trans.__('list: %1', what) : what;
}

const TYPES: Record<IInput['type'], (trans: TranslationBundle) => string> = {
  upstream: trans => trans.__('result'),
  file: trans => trans.__('file'),
  value: trans => trans.__('value'),
  list: trans => trans.__('list')
};

function kindText(kind: SourceKind, trans: TranslationBundle): string {
  switch (kind) {
    case 'step':
      return trans.__('from a step');
    case 'run':
      return trans.__('from an earlier run');
    case 'column':
      return trans.__('from a column of the samples');
    case 'value':
      return trans.__('a value');
    case 'file':
      return trans.__('a file');
  }
}

/** The steps above a step that branch: over their branches it can gather. */
export function branchingAbove(document: IPipeline, name: string): readonly string[] {
  return [...document.steps.values()]
    .filter(each => each.branches !== null && isAbove(document, each.name, name))
    .filter(each => each.name !== name)
    .map(each => each.name);
}
