/** The registered methods: found by search, unfolded, dragged to the canvas, added with Enter. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMethod } from '../api/methods';
import { arrives } from '../params/field';
import { paramsOf } from '../params/form';
import { item } from '../screen/item';
import { startDrag } from './drag';

export interface IMethodActions {
  add: (method: string) => void;
  /** Run it now, without a plan; absent where that cannot be. */
  run?: (method: string) => void;
}

interface IProps {
  methods: readonly IMethod[];
  actions: IMethodActions;
  trans: TranslationBundle;
}

export function MethodsList({ methods, actions, trans }: IProps): React.JSX.Element {
  const [search, setSearch] = React.useState('');
  const found = methods.filter(method => fits(method, search));
  const modules = [...new Set(found.map(method => method.module))];
  return (
    <>
      <input
        type="search"
        className="jp-mod-styled pm-Find"
        aria-label={trans.__('Search methods')}
        placeholder={trans.__('Search methods')}
        value={search}
        onChange={event => {
          setSearch(event.target.value);
        }}
        onKeyDown={event => {
          if (event.key === 'ArrowDown') {
            event.preventDefault();
            rows(event.currentTarget)[0]?.focus();
          } else if (event.key === 'Enter' && found[0] !== undefined && search !== '') {
            actions.add(found[0].method);
          }
        }}
      />
      {found.length === 0 && (
        <p className="pm-Hint" role="status">
          {trans.__('No method has "%1" in its name, module, parameters or description.', search)}
        </p>
      )}
      {modules.map(module => (
        <div key={module} className="pm-Module">
          <h3>{module}</h3>
          <ul aria-label={trans.__('Methods of %1', module)}>
            {found
              .filter(method => method.module === module)
              .map(method => (
                <MethodRow key={method.method} method={method} actions={actions} trans={trans} />
              ))}
          </ul>
        </div>
      ))}
    </>
  );
}

/** Whether every word occurs in what is said of the method. */
export function fits(method: IMethod, search: string): boolean {
  const declaration = method.latest?.declaration;
  const params = declaration === undefined ? [] : paramsOf(declaration);
  const text = [method.method, method.module, method.description, ...params.map(each => each.name)]
    .join(' ')
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word));
}

interface IRowProps extends Omit<IProps, 'methods'> {
  method: IMethod;
}

function MethodRow({ method, actions, trans }: IRowProps): React.JSX.Element {
  const [open, setOpen] = React.useState(false);
  const { latest } = method;
  const name = method.method;
  const version = latest === null ? '' : `v${latest.version}`;
  return (
    <li className="pm-Method" {...item('method', name)}>
      <div className="pm-Method-row">
        <button
          type="button"
          className="pm-Method-fold"
          tabIndex={-1}
          aria-expanded={open}
          aria-label={trans.__('Details of %1', name)}
          onClick={() => {
            setOpen(!open);
          }}
        >
          <span className="pm-Caret" aria-hidden="true" />
        </button>
        <button
          type="button"
          className="pm-Method-name"
          title={method.description}
          aria-label={trans.__('Add %1 %2', name, version)}
          onPointerDown={event => {
            startDrag(event.nativeEvent, name);
          }}
          onDoubleClick={() => {
            actions.add(name);
          }}
          onClick={event => {
            // By keyboard or screen reader; a mouse drags, double-clicks or takes the plus.
            if (event.detail === 0) {
              actions.add(name);
            }
          }}
          onKeyDown={event => {
            if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
              event.preventDefault();
              const every = rows(event.currentTarget);
              const place = every.indexOf(event.currentTarget);
              every[place + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
            } else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
              event.preventDefault();
              setOpen(event.key === 'ArrowRight');
            }
          }}
        >
          {name}
        </button>
        <span className="pm-Chip">{version}</span>
        <button
          type="button"
          className="pm-Method-add jp-mod-minimal jp-Button"
          tabIndex={-1}
          aria-label={trans.__('Add %1 to the pipeline', name)}
          title={trans.__('Add %1 to the pipeline', name)}
          onClick={() => {
            actions.add(name);
          }}
        >
          <span aria-hidden="true">+</span>
        </button>
      </div>
      {open && <MethodDetails method={method} actions={actions} trans={trans} />}
    </li>
  );
}

function MethodDetails({ method, actions, trans }: IRowProps): React.JSX.Element {
  const declaration = method.latest?.declaration;
  const params = declaration === undefined ? [] : paramsOf(declaration);
  const { run } = actions;
  return (
    <div className="pm-Method-details">
      {method.description !== '' && <p>{method.description}</p>}
      <dl className="pm-Values">
        {(declaration?.inputs ?? []).map(input => (
          <React.Fragment key={`input ${input.name}`}>
            <dt>{trans.__('takes %1', input.name)}</dt>
            <dd>{input.module ?? input.value_type ?? input.type}</dd>
          </React.Fragment>
        ))}
        {params.map(each => (
          <React.Fragment key={each.name}>
            <dt title={each.param.doc}>{each.name}</dt>
            <dd>{arrives(each.param, trans)}</dd>
          </React.Fragment>
        ))}
        {(declaration?.outputs ?? []).map(output => (
          <React.Fragment key={`output ${output.name}`}>
            <dt>{trans.__('makes %1', output.name)}</dt>
            <dd>{output.type}</dd>
          </React.Fragment>
        ))}
      </dl>
      {run !== undefined && (
        <button
          type="button"
          className="pm-TextButton"
          onClick={() => {
            run(method.method);
          }}
        >
          {trans.__('Run %1 now, without a plan', method.method)}
        </button>
      )}
    </div>
  );
}

/** The names of all methods that are shown, for the arrow keys. */
function rows(inside: HTMLElement): HTMLElement[] {
  const body = inside.closest('.pm-Part-body');
  return body === null ? [] : [...body.querySelectorAll<HTMLElement>('.pm-Method-name')];
}
