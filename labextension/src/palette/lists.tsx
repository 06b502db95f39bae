/** Templates, plans and runs in the left panel. */

import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMarks } from '../api/marks';
import type { Plan } from '../api/plans';
import type { Run } from '../api/runs';
import type { ITemplateEntry } from '../api/templates';
import { CountsBar } from '../marks/bar';
import { MarkLabel, markOf } from '../marks/mark';
import { item } from '../screen/item';
import { FILTER_KEYS } from './filter';

interface ITemplatesProps {
  templates: readonly ITemplateEntry[];
  /** Names of the registered methods; null while they are not known. */
  known: ReadonlySet<string> | null;
  open?: (name: string) => void;
  rename: (template: ITemplateEntry) => void;
  remove: (template: ITemplateEntry) => void;
  trans: TranslationBundle;
}

export function TemplatesList(props: ITemplatesProps): React.JSX.Element {
  const { templates, known, open, rename, remove, trans } = props;
  return (
    <ul className="pm-List" aria-label={trans.__('Templates')}>
      {templates.map(template => {
        const gone = [...new Set(template.methods)].filter(name => known?.has(name) === false);
        return (
          <li key={template.name} className="pm-Item" {...item('template', template.name)}>
            <button
              type="button"
              className="pm-Item-name"
              title={template.description}
              disabled={open === undefined}
              onClick={() => {
                open?.(template.name);
              }}
            >
              {template.name}
            </button>
            <span className="pm-Item-about">
              {trans._n('%1 step', '%1 steps', template.methods.length)}
              {' · '}
              <When at={template.updated_at} />
            </span>
            {gone.length > 0 && (
              <p className="pm-Fault">
                {trans.__('Uses what is not registered here: %1.', gone.join(', '))}
              </p>
            )}
            <span className="pm-Item-actions">
              <button
                type="button"
                className="pm-TextButton"
                aria-label={trans.__('Rename template %1', template.name)}
                onClick={() => {
                  rename(template);
                }}
              >
                {trans.__('Rename')}
              </button>
              <button
                type="button"
                className="pm-TextButton"
                aria-label={trans.__('Delete template %1', template.name)}
                onClick={() => {
                  remove(template);
                }}
              >
                {trans.__('Delete')}
              </button>
            </span>
          </li>
        );
      })}
    </ul>
  );
}

interface IPlansProps {
  plans: readonly Plan[];
  marks: IMarks;
  open?: (plan: Plan) => void;
  trans: TranslationBundle;
}

export function PlansPart({ plans, marks, open, trans }: IPlansProps): React.JSX.Element {
  return (
    <ul className="pm-List" aria-label={trans.__('Plans, active first')}>
      {plans.map(plan => (
        <li key={plan.plan_id} className="pm-Item" {...item('plan', plan.plan_id)}>
          <button
            type="button"
            className="pm-Item-name"
            disabled={open === undefined}
            onClick={() => {
              open?.(plan);
            }}
          >
            {plan.name} <span className="pm-Table-id">{trans.__('plan %1', plan.plan_id)}</span>
          </button>
          <span className="pm-Item-about">
            <MarkLabel mark={markOf(marks.plan, plan.status)} />
            {' · '}
            <When at={plan.submitted_at ?? plan.created_at} />
          </span>
          <CountsBar counts={plan.counts} marks={marks.run} trans={trans} />
        </li>
      ))}
    </ul>
  );
}

/** What a filter looks like; its words are the same in every language. */
const EXAMPLE = 'method:label status:failed sample:s1';

interface IRunsProps {
  runs: readonly Run[];
  marks: IMarks;
  filter: string;
  fault: string | null;
  find: (line: string) => void;
  more?: () => void;
  open?: (run: number) => void;
  trans: TranslationBundle;
}

export function RunsPart(props: IRunsProps): React.JSX.Element {
  const { runs, marks, filter, fault, find, more, open, trans } = props;
  const id = React.useId();
  return (
    <>
      <input
        type="search"
        className="jp-mod-styled pm-Find"
        aria-label={trans.__('Filter runs')}
        aria-describedby={`${id}-help`}
        aria-invalid={fault !== null}
        placeholder={EXAMPLE}
        spellCheck={false}
        value={filter}
        onChange={event => {
          find(event.target.value);
        }}
      />
      <p id={`${id}-help`} className={fault === null ? 'pm-offscreen' : 'pm-Fault'} role="status">
        {fault ?? trans.__('Words like %1; known are %2.', 'status:failed', FILTER_KEYS.join(', '))}
      </p>
      {runs.length === 0 && (
        <p className="pm-Hint">
          {filter === ''
            ? trans.__(
                'No runs yet. A run is one method on its data: start a pipeline to see some.'
              )
            : trans.__('No run fits this filter.')}
        </p>
      )}
      <ul className="pm-List" aria-label={trans.__('Runs, newest first')}>
        {runs.map(run => (
          <li key={run.run_id} className="pm-Item" {...item('run', run.run_id)}>
            <button
              type="button"
              className="pm-Item-name"
              disabled={open === undefined}
              onClick={() => {
                open?.(run.run_id);
              }}
            >
              {trans.__('run %1', run.run_id)} · {run.method} v{run.version}
            </button>
            <span className="pm-Item-about" title={run.said}>
              <MarkLabel mark={markOf(marks.run, run.state)} />
              {run.sample === null ? '' : ` · ${run.sample}`}
              {' · '}
              <When at={run.started_at} />
            </span>
          </li>
        ))}
      </ul>
      {more !== undefined && (
        <button type="button" className="jp-mod-styled" onClick={more}>
          {trans.__('Show more')}
        </button>
      )}
    </>
  );
}

/** A time: relative, with the exact one on hover. */
export function When({ at }: { at: string }): React.JSX.Element {
  return (
    <time dateTime={at} title={Time.format(at)}>
      {Time.formatHuman(at)}
    </time>
  );
}
