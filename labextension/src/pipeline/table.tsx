/**
 * The pipeline as a table: everything that the canvas can, by keyboard and for screen readers.
 *
 * Rows are walked with the arrow keys: up and down through the list, left and right along the links.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { countsText } from '../marks/bar';
import { belongsToText } from '../params/keys';
import type { IApi, IPipelineModel } from '../tokens';
import { declared } from './catalogue';
import type { IStep } from './document';
import { titleOf } from './document';
import { removeSteps } from './edits';
import { parentsOf } from './links';
import { AddStep } from './table_adding';
import { StepDetails } from './table_step';

/** More rows are not shown at once; the filter finds them. */
const ROWS = 200;

export interface ITableProps {
  api: IApi;
  model: IPipelineModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

interface IStepTableProps extends ITableProps {
  /** Go back to the drawing. */
  leave: () => void;
}

export function StepTable(props: IStepTableProps): React.JSX.Element {
  const { api, model, commands, trans, leave } = props;
  const [filter, setFilter] = React.useState('');
  const body = React.useRef<HTMLTableSectionElement>(null);
  const host = React.useRef<HTMLDivElement>(null);
  const [keys] = React.useState(() => new RowKeys());
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
      remove(step);
    } else if (to !== undefined) {
      event.preventDefault();
      model.select([to]);
      focus(to);
    }
  };
  const focus = (name: string): void => {
    const row = [...(body.current?.rows ?? [])].find(each => each.dataset['pmStep'] === name);
    row?.querySelector<HTMLElement>('button')?.focus();
  };
  /** Delete a step, with its links, and go on at the one beside it. */
  const remove = (step: IStep): void => {
    const names = found.slice(0, ROWS).map(each => each.name);
    const at = names.indexOf(step.name);
    const next = names[at + 1] ?? names[at - 1];
    if (next === undefined) {
      host.current?.querySelector<HTMLElement>('select')?.focus();
    } else {
      focus(next);
    }
    model.commit(trans.__('delete %1', step.name), document =>
      removeSteps(document, new Set([step.name]))
    );
  };
  return (
    <div
      ref={host}
      className="pm-StepTable-body"
      onKeyDown={event => {
        if (event.key === 'Escape') {
          leave();
        }
      }}
    >
      <div
        className="pm-StepTable-tools"
        onKeyDown={event => {
          if (event.key !== 'Escape' && belongsToText(event)) {
            event.stopPropagation();
          }
        }}
      >
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
            <Row
              key={keys.of(step.name)}
              {...{ api, model, commands, trans, step, walk, remove }}
              renamed={name => {
                keys.move(step.name, name);
              }}
            />
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

/** Which row is whose: a step that gets another name keeps its row, and the focus that is in it. */
class RowKeys {
  of(name: string): number {
    const found = this._keys.get(name) ?? this._next++;
    this._keys.set(name, found);
    return found;
  }

  move(from: string, to: string): void {
    this._keys.set(to, this.of(from));
    this._keys.delete(from);
  }

  private readonly _keys = new Map<string, number>();
  private _next = 0;
}

export interface IStepProps extends ITableProps {
  step: IStep;
  /** Called before it gets another name. */
  renamed: (name: string) => void;
  remove: (step: IStep) => void;
}

interface IRowProps extends IStepProps {
  walk: (event: React.KeyboardEvent, step: IStep) => void;
}

function Row({ walk, ...props }: IRowProps): React.JSX.Element {
  const { model, trans, step } = props;
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
            title={titleOf(step)}
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
            // Here the keys belong to the fields, but for the one that leads back.
            if (event.key !== 'Escape' && belongsToText(event)) {
              event.stopPropagation();
            }
          }}
        >
          <td colSpan={3}>
            <StepDetails {...props} />
          </td>
        </tr>
      )}
    </>
  );
}
