/**
 * The pipeline as a table: everything that the canvas can, by keyboard and for screen readers.
 *
 * Rows are walked with the arrow keys: up and down through the list, left and right along the links.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { check, fromText, toText } from '../params/text';
import { countsText } from '../marks/bar';
import type { IApi, IPipelineModel } from '../tokens';
import { OtherCommands } from './others';
import { declared, trackedParams } from './catalogue';
import type { IStep } from './document';
import { titleOf } from './document';
import { freePlace } from './drawing';
import {
  addStep,
  freeName,
  removeSteps,
  renameStep,
  setParam,
  setTitle,
  setVersion
} from './edits';
import { paramRows } from './geometry';
import { parentsOf } from './links';
import { StepRuns } from './step_runs';
import { InputField } from './table_inputs';

/** More rows are not shown at once; the filter finds them. */
const ROWS = 200;

export interface ITableProps {
  api: IApi;
  model: IPipelineModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

export function StepTable({ api, model, commands, trans }: ITableProps): React.JSX.Element {
  const [filter, setFilter] = React.useState('');
  const body = React.useRef<HTMLTableSectionElement>(null);
  const steps = ordered(model);
  const found = steps.filter(step =>
    `${step.name} ${step.title ?? ''} ${step.method}`.toLowerCase().includes(filter.toLowerCase())
  );
  const walk = (event: React.KeyboardEvent, step: IStep): void => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) {
      return;
    }
    const names = found.map(each => each.name);
    const at = names.indexOf(step.name);
    const to =
      event.key === 'ArrowDown'
        ? names[at + 1]
        : event.key === 'ArrowUp'
          ? names[at - 1]
          : event.key === 'ArrowLeft'
            ? parentsOf(model.document, step.name)[0]
            : event.key === 'ArrowRight'
              ? steps.find(each => parentsOf(model.document, each.name).includes(step.name))?.name
              : undefined;
    if (event.key === 'Delete' && !model.readOnly) {
      event.preventDefault();
      remove(model, step, trans);
    } else if (to !== undefined) {
      event.preventDefault();
      model.select([to]);
      const row = [...(body.current?.rows ?? [])].find(each => each.dataset['pmStep'] === to);
      row?.querySelector<HTMLElement>('button')?.focus();
    }
  };
  return (
    <div className="pm-StepTable-body">
      <div className="pm-StepTable-tools">
        {!model.readOnly && <AddStep model={model} trans={trans} />}
        {steps.length > 10 && (
          <input
            type="search"
            className="jp-mod-styled"
            placeholder={trans.__('Find a step')}
            aria-label={trans.__('Find a step')}
            value={filter}
            onChange={event => {
              setFilter(event.target.value);
            }}
          />
        )}
      </div>
      <table className="pm-Table pm-StepTable-table">
        <caption className="pm-offscreen">{trans.__('Steps of the pipeline')}</caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Step')}</th>
            <th scope="col">{trans.__('Method')}</th>
            <th scope="col">{trans.__('State')}</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {found.slice(0, ROWS).map(step => (
            <Row key={step.name} {...{ api, model, commands, trans, step, walk }} />
          ))}
        </tbody>
      </table>
      {found.length > ROWS && (
        <p role="status">{trans.__('%1 more: find them by name.', found.length - ROWS)}</p>
      )}
      {steps.length === 0 && <p>{trans.__('No step yet: choose a method above.')}</p>}
    </div>
  );
}

/** Parents before children, as far as there is an order. */
function ordered(model: IPipelineModel): IStep[] {
  const { document } = model;
  const done = new Set<string>();
  const list: IStep[] = [];
  const put = (name: string, above: ReadonlySet<string>): void => {
    const step = document.steps.get(name);
    if (step === undefined || done.has(name) || above.has(name) || above.size > 500) {
      return;
    }
    const further = new Set(above).add(name);
    for (const parent of parentsOf(document, name)) {
      put(parent, further);
    }
    if (!done.has(name)) {
      done.add(name);
      list.push(step);
    }
  };
  for (const name of document.steps.keys()) {
    put(name, new Set());
  }
  return list;
}

function AddStep({ model, trans }: Pick<ITableProps, 'model' | 'trans'>): React.JSX.Element {
  const add = (method: string): void => {
    const name = freeName(model.document.steps, method);
    const at = freePlace(model.document, model.catalogue, model.selection);
    model.commit(trans.__('add %1', name), document => addStep(document, { name, method }, at));
    model.select([name]);
  };
  const modules = [...new Set(model.catalogue.methods.map(each => each.module))];
  return (
    <select
      className="jp-mod-styled"
      aria-label={trans.__('Add a step')}
      value=""
      onChange={event => {
        add(event.target.value);
      }}
    >
      <option value="">{trans.__('Add a step…')}</option>
      {modules.map(module => (
        <optgroup key={module} label={module}>
          {model.catalogue.methods
            .filter(each => each.module === module && each.latest !== null)
            .map(each => (
              <option key={each.method} value={each.method}>
                {each.method}
              </option>
            ))}
        </optgroup>
      ))}
    </select>
  );
}

interface IRowProps extends ITableProps {
  step: IStep;
  walk: (event: React.KeyboardEvent, step: IStep) => void;
}

function Row({ api, model, commands, trans, step, walk }: IRowProps): React.JSX.Element {
  const { version } = declared(step, model.catalogue);
  const selected = model.selection.has(step.name);
  const counts = model.states.get(step.name)?.counts;
  const problems = model.problems.filter(each => each.step === step.name);
  const state =
    counts !== undefined
      ? countsText({ ...counts }, trans)
      : problems.length > 0
        ? trans._n('%1 problem', '%1 problems', problems.length)
        : '';
  return (
    <>
      <tr
        data-pm-step={step.name}
        className={selected ? 'pm-mod-selected' : ''}
        onKeyDown={event => {
          walk(event, step);
        }}
      >
        <th scope="row">
          <button
            type="button"
            className="pm-StepTable-name"
            aria-expanded={selected}
            onClick={() => {
              if (selected) {
                model.select([]);
              } else {
                model.reveal(step.name);
              }
            }}
          >
            {titleOf(step)}
          </button>
        </th>
        <td>
          {step.method === '' ? trans.__('none') : step.method}{' '}
          <span className="pm-Table-id">
            {step.version === 'latest' ? `v${version?.version ?? '?'}` : `v${step.version}`}
          </span>
        </td>
        <td>{state}</td>
      </tr>
      {selected && (
        <tr
          className="pm-StepTable-details"
          onKeyDown={event => {
            // Here the keys belong to the fields.
            event.stopPropagation();
          }}
        >
          <td colSpan={3}>
            <Details {...{ api, model, commands, trans, step }} />
          </td>
        </tr>
      )}
    </>
  );
}

function Details({
  api,
  model,
  commands,
  trans,
  step
}: ITableProps & { step: IStep }): React.JSX.Element {
  const { version, inputs } = declared(step, model.catalogue);
  const latest = model.catalogue.resolve(step.method, 'latest')?.version ?? 0;
  const problems = model.problems.filter(each => each.step === step.name);
  const names = [...new Set([...inputs.map(each => each.name), ...step.inputs.keys()])];
  const off = model.readOnly;
  return (
    <div className="pm-StepTable-form">
      {model.viewing !== null && model.selection.size === 1 && (
        <>
          <h3>{trans.__('Runs')}</h3>
          <StepRuns api={api} model={model} step={step.name} commands={commands} trans={trans} />
        </>
      )}
      {problems.map((problem, n) => (
        <p key={n} className="pm-StepTable-problem" role="note">
          {problem.message}
        </p>
      ))}
      <TextField
        label={trans.__('Name')}
        value={step.name}
        off={off}
        check={text => nameFault(model, step.name, text, trans)}
        commit={text => {
          model.commitDraft(trans.__('rename %1', step.name), draft =>
            renameStep(draft, step.name, text.trim())
          );
          model.select([text.trim()]);
        }}
      />
      <TextField
        label={trans.__('Title')}
        value={step.title ?? ''}
        placeholder={step.name}
        off={off}
        commit={text => {
          model.commit(trans.__('title %1', step.name), each =>
            setTitle(each, step.name, text.trim() || null)
          );
        }}
      />
      <label>
        <span>{trans.__('Version')}</span>
        <select
          className="jp-mod-styled"
          disabled={off}
          value={String(step.version)}
          onChange={event => {
            const chosen = event.target.value;
            model.commit(trans.__('version of %1', step.name), each =>
              setVersion(each, step.name, chosen === 'latest' ? 'latest' : Number(chosen))
            );
          }}
        >
          <option value="latest">{trans.__('latest (v%1)', latest)}</option>
          {Array.from({ length: latest }, (_, n) => (
            <option key={n} value={latest - n}>
              {`v${latest - n}`}
            </option>
          ))}
        </select>
      </label>
      {names.length > 0 && <h3>{trans.__('Inputs')}</h3>}
      {names.map(name => (
        <InputField key={name} {...{ model, trans, step, name }} />
      ))}
      {trackedParams(version).size + step.params.size > 0 && <h3>{trans.__('Parameters')}</h3>}
      {paramRows(step, version).map(({ param, text }) => {
        const accepts = trackedParams(version).get(param)?.accepts;
        const set = step.params.get(param);
        return (
          <TextField
            key={param}
            label={param}
            value={set === undefined ? '' : accepts === undefined ? set : fromText(accepts, set)}
            placeholder={text ?? trans.__('computed by the method')}
            off={off}
            check={typed => (accepts === undefined ? null : check(accepts, typed, trans))}
            commit={typed => {
              const value =
                typed.trim() === ''
                  ? null
                  : accepts === undefined
                    ? typed.trim()
                    : toText(accepts, typed);
              const short = param.slice(param.lastIndexOf('.') + 1);
              model.commit(trans.__('set %1', short), each =>
                setParam(each, step.name, param, value)
              );
            }}
          />
        );
      })}
      <div className="pm-StepTable-actions">
        {commands.hasCommand(OtherCommands.runStep) && step.method !== '' && (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void commands.execute(OtherCommands.runStep, {
                method: step.method,
                ...(step.version === 'latest' ? {} : { version: step.version }),
                step: step.name
              });
            }}
          >
            {trans.__('Run this step')}
          </button>
        )}
        {!off && (
          <button
            type="button"
            className="jp-mod-styled jp-mod-warn"
            onClick={() => {
              remove(model, step, trans);
            }}
          >
            {trans.__('Delete step')}
          </button>
        )}
      </div>
    </div>
  );
}

function remove(model: IPipelineModel, step: IStep, trans: TranslationBundle): void {
  model.commit(trans.__('delete %1', step.name), document =>
    removeSteps(document, new Set([step.name]))
  );
}

function nameFault(
  model: IPipelineModel,
  name: string,
  wanted: string,
  trans: TranslationBundle
): string | null {
  const text = wanted.trim();
  if (text === '' || text === 'sample') {
    return trans.__('A step cannot be called so.');
  }
  return text !== name && model.document.steps.has(text)
    ? trans.__('There is a step "%1" already.', text)
    : null;
}

interface IFieldProps {
  label: string;
  value: string;
  placeholder?: string;
  off: boolean;
  check?: (text: string) => string | null;
  commit: (text: string) => void;
}

/** A field that commits when it is left or on Enter; Escape brings back what was there. */
function TextField({
  label,
  value,
  placeholder,
  off,
  check: fault,
  commit
}: IFieldProps): React.JSX.Element {
  const [text, setText] = React.useState(value);
  const [seen, setSeen] = React.useState(value);
  const id = React.useId();
  if (seen !== value) {
    // Changed elsewhere, on the canvas or by undo.
    setSeen(value);
    setText(value);
  }
  const reason = text === value ? null : (fault?.(text) ?? null);
  const finish = (): void => {
    if (text !== value && reason === null) {
      commit(text);
    }
  };
  return (
    <label>
      <span>{label}</span>
      <input
        type="text"
        className="jp-mod-styled"
        value={text}
        placeholder={placeholder}
        disabled={off}
        aria-invalid={reason !== null}
        aria-describedby={reason === null ? undefined : id}
        onChange={event => {
          setText(event.target.value);
        }}
        onBlur={finish}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            finish();
          } else if (event.key === 'Escape') {
            setText(value);
          }
        }}
      />
      {reason !== null && (
        <span id={id} role="alert" className="pm-StepTable-fault">
          {reason}
        </span>
      )}
    </label>
  );
}
