/** Where each input of a step gets its data. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IInput } from '../api/methods';
import type { Binding, IEdge, IPipeline } from '../pipeline/document';
import { useKeyedChoice } from '../params/keyed_choice';
import { columnOf, isAbove, linkOf } from '../pipeline/links';
import type { ISurroundings, SourceKind } from './source';
import { SourceEditor, sourcesFor } from './source';

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
  // A kind that was chosen and says nothing yet; it is over when the data is another, as by undo.
  const [chosen, setChosen] = React.useState<SourceKind | null>(null);
  const [from, setFrom] = React.useState(binding);
  if (from !== binding) {
    setFrom(binding);
    setChosen(null);
  }
  const kind = chosen ?? binding?.kind ?? null;
  const told = problems.get(input.name) ?? [];
  const sources = sourcesFor(props, input);
  const set = (next: Binding | null): void => {
    const label =
      next === null
        ? trans.__('clear %1', input.name)
        : next.kind === 'run'
          ? trans.__('take run %1', next.run)
          : trans.__('data for %1', input.name);
    onChange(input.name, next, label);
    setChosen(null);
  };
  const linked = binding?.kind === 'step' ? keyOf(binding) : null;
  const said = linked ?? binding?.kind ?? '';
  const choose = (key: string): void => {
    if (key === said) {
      // Back to what feeds it: that stays as it was said, with how it is gathered.
      setChosen(null);
      return;
    }
    const edge = sources.find(each => keyOf(each) === key);
    if (edge !== undefined) {
      set(linkOf(edge, input));
    } else if (key === 'column') {
      set(columnOf(input.name, input, binding ?? undefined));
    } else if (key === '') {
      set(null);
    } else if (key === 'value' || key === 'file' || key === 'run') {
      setChosen(key);
    }
  };
  // The list shows what was chosen; the step runs with what was said before.
  const still =
    chosen === null || binding === null
      ? null
      : binding.kind === 'step'
        ? keyOf(binding)
        : kindText(binding.kind, trans);
  const { looked, select } = useKeyedChoice(chosen ?? said, choose);
  const fits = KINDS[input.type];
  const byName = columns.includes(input.name);
  const describedBy = [
    ...(still === null && looked === null ? [] : [`${id}-still`]),
    ...(told.length > 0 ? [`${id}-fault`] : [])
  ].join(' ');
  const isOpen = input.type === 'upstream' && input.required && kind === null && !byName;
  return (
    <fieldset className="pm-Input" data-pm-set={binding !== null}>
      <legend className="pm-Param-head">
        {input.name} <span className="pm-Param-type">{takes(input, trans)}</span>
      </legend>
      <select
        className="jp-mod-styled"
        aria-label={trans.__('Data for %1', input.name)}
        aria-invalid={told.length > 0}
        aria-describedby={describedBy === '' ? undefined : describedBy}
        {...select}
      >
        <option value="">
          {byName
            ? trans.__('column "%1" of the samples', input.name)
            : input.required
              ? trans.__('choose data…')
              : trans.__('nothing')}
        </option>
        {(sources.length > 0 || linked !== null) && (
          <optgroup label={trans.__('from a step')}>
            {linked !== null && !sources.some(each => keyOf(each) === linked) && (
              <option value={linked}>{trans.__('%1 (does not fit)', linked)}</option>
            )}
            {sources.map(each => (
              <option key={keyOf(each)} value={keyOf(each)}>
                {keyOf(each)}
              </option>
            ))}
          </optgroup>
        )}
        {OTHERS.filter(each => fits.includes(each) || each === kind).map(each => (
          <option key={each} value={each}>
            {fits.includes(each)
              ? kindText(each, trans)
              : trans.__('%1 (does not fit)', kindText(each, trans))}
          </option>
        ))}
      </select>
      {isOpen && sources.length === 0 && (
        <p className="pm-Hint">
          {trans.__(
            'No step of this pipeline makes what "%1" takes; add one that does.',
            input.name
          )}
        </p>
      )}
      {looked !== null ? (
        <p className="pm-Hint" id={`${id}-still`}>
          {trans.__('Enter takes it, Escape leaves what is set.')}
        </p>
      ) : (
        still !== null && (
          <p className="pm-Hint" id={`${id}-still`}>
            {trans.__('Still %1, until something is said here.', still)}
          </p>
        )
      )}
      {kind !== null && (
        <SourceEditor key={kind} {...props} kind={kind} binding={binding} set={set} />
      )}
      {input.description !== '' && <p className="pm-Param-doc">{input.description}</p>}
      {told.length > 0 && (
        <div className="pm-Fault" role="status" id={`${id}-fault`}>
          {told.map(sentence => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      )}
    </fieldset>
  );
}

/** A link's source as documents write it, which no kind of data is called. */
function keyOf({ step, output }: Pick<IEdge, 'step' | 'output'>): string {
  return `${step}.${output}`;
}

/** What is no link, in the order in which it is offered. */
const OTHERS: readonly Exclude<SourceKind, 'step'>[] = ['file', 'column', 'value', 'run'];

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

function kindText(kind: Exclude<SourceKind, 'step'>, trans: TranslationBundle): string {
  switch (kind) {
    case 'run':
      return trans.__('a result of an earlier run');
    case 'column':
      return trans.__('a column of the samples');
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
