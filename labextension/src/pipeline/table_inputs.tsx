/** Where an input gets its data, as a list to choose from and a field for what is typed. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { TextEntry } from '../params/entry';
import { toText } from '../params/text';
import type { IPipelineModel } from '../tokens';
import { declared } from './catalogue';
import type { Binding, IStep } from './document';
import { edgesOf } from './document';
import { setBinding } from './edits';
import { columnOf, linkOf, refuse } from './links';
import { OtherCommands } from './others';

interface IProps {
  model: IPipelineModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  step: IStep;
  name: string;
}

export function InputField({ model, commands, trans, step, name }: IProps): React.JSX.Element {
  const input = declared(step, model.catalogue).inputs.find(each => each.name === name);
  const binding = step.inputs.get(name);
  const cleared = setBinding(model.document, step.name, name, null);
  const sources = [...cleared.steps.values()].flatMap(source =>
    declared(source, model.catalogue).outputs.flatMap(output => {
      const edge = { step: source.name, output: output.name, target: step.name, input: name };
      return refuse(cleared, model.catalogue, edge, trans) === null ? [edge] : [];
    })
  );
  const present = keyOf(binding);
  const offered = new Map<string, string>([
    ['', trans.__('choose data…')],
    ...sources.map(
      edge => [`step:${edge.step}.${edge.output}`, `${edge.step}.${edge.output}`] as const
    ),
    ['column', trans.__('a column of the samples')],
    ['value', trans.__('a value')],
    ['file', trans.__('a file')],
    ['run', trans.__('a result of an earlier run')]
  ]);
  if (binding?.kind === 'step' && !offered.has(present)) {
    offered.set(present, trans.__('%1 (does not fit)', `${binding.step}.${binding.output}`));
  }
  const set = (next: Binding | null): void => {
    const label = next === null ? trans.__('clear %1', name) : trans.__('data for %1', name);
    model.commit(label, document => setBinding(document, step.name, name, next));
  };
  const choose = (key: string): void => {
    const edge = sources.find(each => `step:${each.step}.${each.output}` === key);
    if (edge !== undefined) {
      set(linkOf(edge, input));
    } else if (key === '') {
      set(null);
    } else if (key === 'column') {
      set(columnOf(name, input, binding));
    } else {
      setAsked(key);
    }
  };
  // A kind that was chosen and says nothing yet; it is over when the data is another, as by undo.
  const [asked, setAsked] = React.useState<string | null>(null);
  const [from, setFrom] = React.useState(binding);
  if (from !== binding) {
    setFrom(binding);
    setAsked(null);
  }
  const typed = asked ?? (binding === undefined || binding.kind === 'step' ? null : binding.kind);
  return (
    <div className="pm-StepTable-input">
      <label>
        <span>{input?.required === false ? trans.__('%1 (optional)', name) : name}</span>
        <select
          className="jp-mod-styled"
          disabled={model.readOnly}
          value={asked ?? present}
          onChange={event => {
            setAsked(null);
            choose(event.target.value);
          }}
        >
          {[...offered].map(([key, label]) => (
            <option key={key} value={key}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {typed !== null && (
        <TextEntry
          key={typed}
          label={trans.__('%1: %2', name, offered.get(typed) ?? typed)}
          placeholder={typed === 'run' ? trans.__('for example 47.table') : ''}
          text={asked === null ? textOf(binding) : ''}
          disabled={model.readOnly}
          check={text => fault(typed, text, trans)}
          onChange={text => {
            const next =
              text === ''
                ? null
                : typed === 'column'
                  ? columnOf(text, input, binding)
                  : read(typed, text, input?.value_type ?? null);
            if (next !== null || text === '') {
              set(next);
              setAsked(null);
            }
          }}
        />
      )}
      {typed === 'run' && !model.readOnly && commands.hasCommand(OtherCommands.chooseRun) && (
        <button
          type="button"
          className="jp-mod-styled"
          aria-label={trans.__('Choose a run for %1', name)}
          onClick={() => {
            void commands
              .execute(OtherCommands.chooseRun, { step: step.name, input: name })
              .then(() => {
                setAsked(null);
              });
          }}
        >
          {trans.__('Choose a run…')}
        </button>
      )}
      {edgesOf(model.document).some(edge => edge.target === step.name && edge.input === name) &&
        binding?.kind === 'step' &&
        binding.gather !== null && (
          <p>{trans.__('Gathered over %1.', binding.gather.over.join(', '))}</p>
        )}
    </div>
  );
}

function keyOf(binding: Binding | undefined): string {
  if (binding === undefined) {
    return '';
  }
  return binding.kind === 'step' ? `step:${binding.step}.${binding.output}` : binding.kind;
}

function textOf(binding: Binding | undefined): string {
  switch (binding?.kind) {
    case 'column':
      return binding.column;
    case 'value':
      return binding.text;
    case 'file':
      return binding.path;
    case 'run':
      return `${binding.run}.${binding.output}`;
    default:
      return '';
  }
}

/** Why what was typed is none, as a sentence; null, it is one, or nothing is typed yet. */
function fault(kind: string, text: string, trans: TranslationBundle): string | null {
  return kind === 'run' && text !== '' && read(kind, text, null) === null
    ? trans.__('Expected: the number of a run, a dot, and one of its results, as in 47.table.')
    : null;
}

/** What was typed as a binding; null, it is none. */
function read(kind: string, text: string, type: string | null): Binding | null {
  switch (kind) {
    case 'file':
      return { kind, path: text };
    case 'value': {
      const accepts = {
        kind: kindOf(type),
        said: '',
        optional: false,
        soft: false,
        choices: [],
        items: []
      };
      return { kind, text: toText(accepts, text) };
    }
    case 'run': {
      const found = /^#?(\d+)[.\s]+(\S+)$/.exec(text);
      return found?.[1] === undefined || found[2] === undefined
        ? null
        : { kind: 'run', run: Number(found[1]), output: found[2] };
    }
    default:
      return null;
  }
}

function kindOf(type: string | null): 'int' | 'float' | 'str' | 'bool' | 'any' {
  return type === 'int' || type === 'float' || type === 'str' || type === 'bool' ? type : 'any';
}
