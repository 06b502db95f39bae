/** The nodes of the graph: a module, the methods in it, and their runs. */

import React from 'react';

import type { EverythingMethod } from '../api/everything';
import { CountsBar } from '../marks/bar';
import { useHere } from '../screen/here';
import type { IFilter } from './filter';
import { RunList } from './run_list';
import type { IModule } from './shape';
import { methodKey, moduleKey, totalOf } from './shape';

/** What is unfolded, and which runs are chosen. */
export interface IUnfolded {
  readonly isOpen: (key: string) => boolean;
  readonly toggle: (key: string) => void;
  readonly filter: IFilter;
  readonly chosen: ReadonlySet<number>;
  readonly onChoose: (run: number) => void;
  readonly onListed: (method: string, runs: readonly number[]) => void;
  /** What a method read, in words. */
  readonly reads: (method: string) => string;
}

interface IModuleProps {
  module: IModule;
  unfolded: IUnfolded;
}

export function ModuleCard({ module, unfolded }: IModuleProps): React.JSX.Element {
  const { marks, trans } = useHere();
  const key = moduleKey(module.module);
  const open = unfolded.isOpen(key);
  const total = totalOf(module.runs);
  return (
    <li className="pm-Everything-module" data-pm-card="">
      <button
        type="button"
        className="pm-Everything-fold"
        aria-expanded={open}
        data-pm-node={key}
        onClick={() => {
          unfolded.toggle(key);
        }}
      >
        <strong>{module.module}</strong>
        <span className="pm-Muted">
          {trans._n('%1 method', '%1 methods', module.methods.length)} ·{' '}
          {trans._n('%1 run', '%1 runs', total)}
        </span>
      </button>
      {open ? (
        <ul className="pm-Everything-methods" aria-label={trans.__('Methods of %1', module.module)}>
          {module.methods.map(method => (
            <MethodCard key={method.method} method={method} unfolded={unfolded} />
          ))}
        </ul>
      ) : (
        total > 0 && <CountsBar counts={module.runs} marks={marks.run} trans={trans} />
      )}
    </li>
  );
}

interface IMethodProps {
  method: EverythingMethod;
  unfolded: IUnfolded;
}

function MethodCard({ method, unfolded }: IMethodProps): React.JSX.Element {
  const { marks, trans } = useHere();
  const name = method.method;
  const key = methodKey(name);
  const total = totalOf(method.runs);
  const open = unfolded.isOpen(key) && total > 0;
  const reads = unfolded.reads(name);
  return (
    <li className="pm-Everything-method" data-pm-card="">
      <button
        type="button"
        className="pm-Everything-fold"
        aria-expanded={open}
        aria-disabled={total === 0}
        data-pm-node={key}
        onClick={() => {
          if (total > 0) {
            unfolded.toggle(key);
          }
        }}
      >
        <strong>{name}</strong>
        <span className="pm-Muted">
          {trans._n('%1 version', '%1 versions', method.versions)} ·{' '}
          {trans._n('%1 run', '%1 runs', total)}
        </span>
        {reads !== '' && <span className="pm-offscreen">, {reads}</span>}
      </button>
      {total > 0 && <CountsBar counts={method.runs} marks={marks.run} trans={trans} />}
      {open && (
        <RunList
          method={name}
          filter={unfolded.filter}
          counts={JSON.stringify(method.runs)}
          total={total}
          chosen={unfolded.chosen}
          onChoose={unfolded.onChoose}
          onListed={unfolded.onListed}
        />
      )}
    </li>
  );
}
