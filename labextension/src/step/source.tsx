/** What an input is fed by, said more closely: a column, a value, a file, a run; a list or not. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IInput } from '../api/methods';
import { TextEntry } from '../params/entry';
import { ValueInput } from '../params/field';
import type { ICatalogue } from '../pipeline/catalogue';
import { declared } from '../pipeline/catalogue';
import type { Binding, IEdge, IPipeline, IStep } from '../pipeline/document';
import { SAMPLE } from '../pipeline/document';
import { setBinding } from '../pipeline/edits';
import { columnOf, refuse } from '../pipeline/links';
import { GatherField } from './gather';
import { valueParam } from './value_param';

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
  /** Show the runs that could feed an input; absent where none can be chosen. */
  chooseRun: ((input: IInput) => void) | undefined;
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

/** The outputs of the pipeline's steps that fit an input, whatever feeds it now. */
export function sourcesFor(around: ISurroundings, input: IInput): readonly IEdge[] {
  const { step, document, catalogue, trans } = around;
  const free = setBinding(document, step.name, input.name, null);
  return [...free.steps.values()].flatMap(source =>
    declared(source, catalogue).outputs.flatMap(output => {
      const edge = {
        step: source.name,
        output: output.name,
        target: step.name,
        input: input.name
      };
      return refuse(free, catalogue, edge, trans) === null ? [edge] : [];
    })
  );
}

/** A column by its name, also one that the samples do not have yet. */
function ColumnChoice(props: ISourceProps): React.JSX.Element {
  const { input, binding, columns, set, trans } = props;
  const now = binding?.kind === 'column' ? binding.column : '';
  return (
    <>
      <TextEntry
        text={now}
        label={trans.__('Column for %1', input.name)}
        offers={columns}
        onChange={column => {
          set(column === '' ? null : columnOf(column, input, binding ?? undefined));
        }}
      />
      {now !== '' && !columns.includes(now) && (
        <p className="pm-Hint">
          {columns.length === 0
            ? trans.__('The samples have no columns yet; add some to the sample sheet.')
            : trans.__('The samples have no column "%1" yet.', now)}
        </p>
      )}
    </>
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

/** A result of a run: typed, or chosen from a list. */
function RunChoice(props: ISourceProps): React.JSX.Element {
  const { input, binding, chooseRun, set, trans } = props;
  return (
    <>
      <TextEntry
        text={binding?.kind === 'run' ? `${binding.run}.${binding.output}` : ''}
        label={trans.__('Run and result for %1', input.name)}
        placeholder={trans.__('for example 47.table')}
        check={text =>
          text === '' || runOf(text) !== null
            ? null
            : trans.__(
                'Expected: the number of a run, a dot, and one of its results, as in 47.table.'
              )
        }
        onChange={text => {
          set(runOf(text));
        }}
      />
      {chooseRun !== undefined && (
        <p>
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
      )}
    </>
  );
}

/** What was typed as a result of a run; null, it is none. */
function runOf(text: string): Binding | null {
  const found = /^#?(\d+)[.\s]+(\S+)$/.exec(text);
  return found?.[1] === undefined || found[2] === undefined
    ? null
    : { kind: 'run', run: Number(found[1]), output: found[2] };
}
