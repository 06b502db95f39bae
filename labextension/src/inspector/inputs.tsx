/** Where each input of a step gets its data. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IAccepts, IInput, IParam } from '../api/methods';
import { ValueInput } from '../params/field';
import type { Binding, IPipeline, IStep } from '../pipeline/document';
import { SAMPLE } from '../pipeline/document';
import { isAbove, linkOf, refuse } from '../pipeline/links';
import type { ICatalogue } from '../pipeline/catalogue';
import { GatherField } from './gather';

type Kind = Binding['kind'];

/** Which kinds of data an input of a declared type takes; the server has the last word. */
const KINDS: Record<IInput['type'], readonly Kind[]> = {
  upstream: ['step', 'run', 'column'],
  file: ['step', 'file', 'column', 'run'],
  value: ['value', 'column'],
  list: ['value', 'column']
};

interface IProps {
  step: IStep;
  document: IPipeline;
  catalogue: ICatalogue;
  inputs: readonly IInput[];
  /** Columns of the sample sheet. */
  columns: readonly string[];
  /** Steps that branch, for gathering. */
  branching: readonly string[];
  /** Input to what the server says of it. */
  problems: ReadonlyMap<string, readonly string[]>;
  onChange: (input: string, binding: Binding | null, said: string) => void;
  /** Show the runs that could feed an input. */
  chooseRun: (input: IInput) => void;
  trans: TranslationBundle;
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
  const [chosen, setChosen] = React.useState<Kind | null>(null);
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
          const next = event.target.value === '' ? null : (event.target.value as Kind);
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
      {kind !== null && <KindEditor {...props} kind={kind} binding={binding} set={set} />}
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

function kindText(kind: Kind, trans: TranslationBundle): string {
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

interface IKindProps extends IProps {
  input: IInput;
  kind: Kind;
  binding: Binding | null;
  set: (binding: Binding | null) => void;
}

function KindEditor(props: IKindProps): React.JSX.Element {
  const { kind, binding, input, columns, branching, set, trans } = props;
  switch (kind) {
    case 'step':
      return (
        <>
          <StepChoice {...props} />
          {binding?.kind === 'step' && (
            <GatherField
              input={input.name}
              gather={binding.gather}
              dimensions={[SAMPLE, ...branching]}
              columns={columns}
              onChange={gather => {
                set({ ...binding, gather });
              }}
              trans={trans}
            />
          )}
        </>
      );
    case 'column':
      return (
        <>
          <ColumnChoice {...props} />
          {binding?.kind === 'column' && (
            <GatherField
              input={input.name}
              gather={binding.gather}
              dimensions={[SAMPLE]}
              columns={columns}
              onChange={gather => {
                set({ ...binding, gather });
              }}
              trans={trans}
            />
          )}
        </>
      );
    case 'value':
      return <ValueChoice {...props} />;
    case 'file':
      return <FileChoice {...props} />;
    case 'run':
      return <RunChoice {...props} />;
  }
}

function StepChoice(props: IKindProps): React.JSX.Element {
  const { step, document, catalogue, input, binding, set, trans } = props;
  // As if it were free: what feeds it now is no reason against another.
  const free = new Map(step.inputs);
  free.delete(input.name);
  const without: IPipeline = {
    ...document,
    steps: new Map(document.steps).set(step.name, { ...step, inputs: free })
  };
  const found: { step: string; output: string }[] = [];
  for (const source of document.steps.values()) {
    const version = catalogue.resolve(source.method, source.version);
    for (const output of version?.declaration.outputs ?? []) {
      const edge = {
        step: source.name,
        output: output.name,
        target: step.name,
        input: input.name
      };
      if (refuse(without, catalogue, edge, trans) === null) {
        found.push({ step: source.name, output: output.name });
      }
    }
  }
  const now = binding?.kind === 'step' ? `${binding.step}.${binding.output}` : '';
  const here = found.some(each => `${each.step}.${each.output}` === now);
  return found.length === 0 && now === '' ? (
    <p className="pm-Hint">
      {trans.__('No step of this pipeline makes what "%1" takes; add one that does.', input.name)}
    </p>
  ) : (
    <select
      className="jp-mod-styled"
      aria-label={trans.__('Step and output for %1', input.name)}
      value={now}
      onChange={event => {
        const picked = found.find(each => `${each.step}.${each.output}` === event.target.value);
        set(
          picked === undefined
            ? null
            : linkOf({ ...picked, target: step.name, input: input.name }, input)
        );
      }}
    >
      <option value="">{trans.__('choose a step…')}</option>
      {now !== '' && !here && <option value={now}>{trans.__('%1 (does not fit)', now)}</option>}
      {found.map(each => (
        <option key={`${each.step}.${each.output}`} value={`${each.step}.${each.output}`}>
          {`${each.step} · ${each.output}`}
        </option>
      ))}
    </select>
  );
}

function ColumnChoice(props: IKindProps): React.JSX.Element {
  const { input, binding, columns, set, trans } = props;
  const now = binding?.kind === 'column' ? binding.column : '';
  return columns.length === 0 && now === '' ? (
    <p className="pm-Hint">
      {trans.__('The samples have no columns yet; add some to the sample sheet.')}
    </p>
  ) : (
    <select
      className="jp-mod-styled"
      aria-label={trans.__('Column for %1', input.name)}
      value={now}
      onChange={event => {
        const column = event.target.value;
        const gather = input.gather
          ? ({ over: [SAMPLE], by: [], onFailure: 'wait' } as const)
          : null;
        set(column === '' ? null : { kind: 'column', column, gather });
      }}
    >
      <option value="">{trans.__('choose a column…')}</option>
      {now !== '' && !columns.includes(now) && (
        <option value={now}>{trans.__('%1 (not in the samples)', now)}</option>
      )}
      {columns.map(column => (
        <option key={column} value={column}>
          {column}
        </option>
      ))}
    </select>
  );
}

function ValueChoice(props: IKindProps): React.JSX.Element {
  const { input, binding, set, trans } = props;
  const id = React.useId();
  return (
    <ValueInput
      id={id}
      param={valueParam(input)}
      text={binding?.kind === 'value' ? binding.text : undefined}
      label={trans.__('Value for %1', input.name)}
      onChange={text => {
        set(text === undefined ? null : { kind: 'value', text });
      }}
      trans={trans}
    />
  );
}

const SCALARS: Partial<Record<string, IAccepts['kind']>> = {
  int: 'int',
  float: 'float',
  bool: 'bool',
  str: 'str'
};

/** An input that takes a value, as a field knows it. */
function valueParam(input: IInput): IParam {
  const kind =
    input.type === 'list' ? 'any' : (SCALARS[input.value_type ?? ''] ?? ('any' as const));
  const accepts: IAccepts = {
    kind,
    said: input.value_type ?? input.type,
    optional: false,
    soft: false,
    choices: [],
    items: []
  };
  return {
    name: input.name,
    kind: 'input',
    type: input.value_type ?? '',
    default: null,
    default_source: '',
    call_site: null,
    computed: false,
    doc: '',
    option: '',
    required: input.required,
    expected: null,
    accepts
  };
}

function FileChoice(props: IKindProps): React.JSX.Element {
  const { input, binding, set, trans } = props;
  const path = binding?.kind === 'file' ? binding.path : '';
  return (
    <PlainInput
      text={path}
      label={trans.__('File for %1', input.name)}
      placeholder={trans.__('/data/features.txt, or from the workspace on')}
      onChange={next => {
        set(next.trim() === '' ? null : { kind: 'file', path: next.trim() });
      }}
    />
  );
}

function RunChoice(props: IKindProps): React.JSX.Element {
  const { input, binding, chooseRun, trans } = props;
  return (
    <p>
      {binding?.kind === 'run' && (
        <span>{trans.__('run %1 · %2', binding.run, binding.output)} </span>
      )}
      <button
        type="button"
        className="jp-mod-styled"
        aria-label={trans.__('Choose a run for %1', input.name)}
        onClick={() => {
          chooseRun(input);
        }}
      >
        {trans.__('Choose a run…')}
      </button>
    </p>
  );
}

interface IPlainProps {
  text: string;
  label: string;
  placeholder: string;
  onChange: (text: string) => void;
}

/** A text field that gives its text on when it is left. */
export function PlainInput(props: IPlainProps): React.JSX.Element {
  const { text, label, placeholder, onChange } = props;
  const [typed, setTyped] = React.useState(text);
  const [from, setFrom] = React.useState(text);
  if (from !== text) {
    setFrom(text);
    setTyped(text);
  }
  const commit = (): void => {
    if (typed !== text) {
      onChange(typed);
    }
  };
  return (
    <input
      type="text"
      className="jp-mod-styled"
      aria-label={label}
      placeholder={placeholder}
      spellCheck={false}
      value={typed}
      onChange={event => {
        setTyped(event.target.value);
      }}
      onBlur={commit}
      onKeyDown={event => {
        if (event.key === 'Enter') {
          commit();
        }
      }}
    />
  );
}

/** The steps above a step that branch: over their branches it can gather. */
export function branchingAbove(document: IPipeline, name: string): readonly string[] {
  return [...document.steps.values()]
    .filter(each => each.branches !== null && isAbove(document, each.name, name))
    .filter(each => each.name !== name)
    .map(each => each.name);
}
