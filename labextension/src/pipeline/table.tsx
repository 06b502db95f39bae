/**
 * The pipeline as a table: everything that the canvas can, by keyboard and for screen readers.
 *
 * Rows are walked with the arrow keys: up and down through the list, with Shift choosing several, left
 * and right along the links.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IApi, IPipelineModel } from '../tokens';
import type { IPipeline, IStep } from './document';
import { removeSteps } from './edits';
import { parentsOf } from './links';
import { AddStep } from './table_adding';
import { NotesForm } from './table_notes';
import { keepTextKeys, StepRow } from './table_row';
import { SelectedSteps } from './table_selected';

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
  const listed = found.slice(0, ROWS).map(each => each.name);
  const walk = (event: React.KeyboardEvent, step: IStep): void => {
    if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) {
      return;
    }
    const at = listed.indexOf(step.name);
    const to = nextOf(event.key, model.document, steps, listed, at);
    if (event.key === 'Delete' && !model.readOnly) {
      event.preventDefault();
      remove(model.selection.has(step.name) ? model.selection : new Set([step.name]));
    } else if (to !== undefined) {
      event.preventDefault();
      const isAlong = event.shiftKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp');
      model.select(isAlong ? [...model.selection, step.name, to] : [to]);
      focus(to);
    }
  };
  const focus = (name: string): void => {
    const row = [...(body.current?.rows ?? [])].find(each => each.dataset['pmStep'] === name);
    row?.querySelector<HTMLElement>('button')?.focus();
  };
  /** Delete steps, with their links, and go on at the one beside them. */
  const remove = (names: ReadonlySet<string>): void => {
    const at = listed.findIndex(each => names.has(each));
    const left = (each: string): boolean => !names.has(each);
    const next = listed.slice(at).find(left) ?? listed.slice(0, at).filter(left).at(-1);
    if (next === undefined) {
      host.current?.querySelector<HTMLElement>('select')?.focus();
    } else {
      focus(next);
    }
    const [only] = names;
    const said =
      names.size === 1 ? trans.__('delete %1', only) : trans.__('delete %1 things', names.size);
    model.commit(said, document => removeSteps(document, names));
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
      <div className="pm-StepTable-tools" onKeyDown={keepTextKeys}>
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
      {model.selection.size > 1 && (
        <SelectedSteps model={model} commands={commands} trans={trans} remove={remove} />
      )}
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
            <StepRow
              key={keys.of(step.name)}
              {...{ api, model, commands, trans, step, walk }}
              remove={each => {
                remove(new Set([each.name]));
              }}
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
      <div onKeyDown={keepTextKeys}>
        <NotesForm model={model} trans={trans} />
      </div>
    </div>
  );
}

/** Where a key leads from a row: along the list, or along the links; undefined, nowhere. */
function nextOf(
  key: string,
  document: IPipeline,
  steps: readonly IStep[],
  listed: readonly string[],
  at: number
): string | undefined {
  const name = listed[at] ?? '';
  switch (key) {
    case 'ArrowDown':
      return listed[at + 1];
    case 'ArrowUp':
      return listed[at - 1];
    case 'Home':
      return listed[0];
    case 'End':
      return listed.at(-1);
    case 'ArrowLeft':
      return parentsOf(document, name)[0];
    case 'ArrowRight':
      return steps.find(each => parentsOf(document, each.name).includes(name))?.name;
    default:
      return undefined;
  }
}

/** Parents before children, as far as there is an order. */
function ordered(model: IPipelineModel): IStep[] {
  const { document } = model;
  const done = new Set<string>();
  const list: IStep[] = [];
  // Those on the way from a step to its ancestors: one of them again is a ring.
  const above = new Set<string>();
  const put = (name: string): void => {
    const step = document.steps.get(name);
    if (step === undefined || done.has(name) || above.has(name) || above.size > 500) {
      return;
    }
    above.add(name);
    for (const parent of parentsOf(document, name)) {
      put(parent);
    }
    above.delete(name);
    if (!done.has(name)) {
      done.add(name);
      list.push(step);
    }
  };
  for (const name of document.steps.keys()) {
    put(name);
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
