/** What an input is fed by, edited: a step, a run, a column of the samples, a value, a file. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IAccepts, IInput, IParam } from '../api/methods';
import { TextEntry } from '../params/entry';
import { ValueInput } from '../params/field';
import type { ICatalogue } from '../pipeline/catalogue';
import type { Binding, IPipeline, IStep } from '../pipeline/document';
import { SAMPLE } from '../pipeline/document';
import { columnOf, linkOf, refuse } from '../pipeline/links';
import { GatherField } from './gather';

export type SourceKind = Binding['kind'];

/** What the pipeline around an input has to offer. */
export interface ISurroundings {
  step: IStep;
  document: IPipeline;
  catalogue: ICatalogue;
  /** Columns of the sample sheet. */
  columns: readonly string[];
  /** Steps that branch, for gathering. */
  branching: readonly string[];
  /** Show the runs that could feed an input. */
  chooseRun: (input: IInput) => void;
  trans: TranslationBundle;
}

interface ISourceProps extends ISurroundings {
  input: IInput;
  kind: SourceKind;
  binding: Binding | null;
  set: (binding: Binding | null) => void;
}

export function SourceEditor(props: ISourceProps): React.JSX.Element {
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

function StepChoice(props: ISourceProps): React.JSX.Element {
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

function ColumnChoice(props: ISourceProps): React.JSX.Element {
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
        set(column === '' ? null : columnOf(column, input, binding ?? undefined));
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

function ValueChoice(props: ISourceProps): React.JSX.Element {
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

function FileChoice(props: ISourceProps): React.JSX.Element {
  const { input, binding, set, trans } = props;
  const path = binding?.kind === 'file' ? binding.path : '';
  return (
    <TextEntry
      text={path}
      label={trans.__('File for %1', input.name)}
      placeholder={trans.__('/data/features.txt, or from the workspace on')}
      onChange={next => {
        set(next === '' ? null : { kind: 'file', path: next });
      }}
    />
  );
}

function RunChoice(props: ISourceProps): React.JSX.Element {
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
