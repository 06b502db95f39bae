/** Templates and plans in the left panel. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMarks } from '../api/marks';
import type { Plan } from '../api/plans';
import type { ITemplateEntry } from '../api/templates';
import { CountsBar } from '../marks/bar';
import { MarkLabel, markOf } from '../marks/mark';
import { Ago } from '../screen/ago';
import { item, planItem } from '../screen/item';

interface ITemplatesProps {
  templates: readonly ITemplateEntry[];
  /** Names of the registered methods; null while they are not known. */
  known: ReadonlySet<string> | null;
  open?: (name: string) => void;
  versions: (template: ITemplateEntry) => void;
  rename: (template: ITemplateEntry) => void;
  remove: (template: ITemplateEntry) => void;
  trans: TranslationBundle;
}

export function TemplatesList(props: ITemplatesProps): React.JSX.Element {
  const { templates, known, open, versions, rename, remove, trans } = props;
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
              <span title={template.content_hash}>{trans.__('version %1', template.version)}</span>
              {' · '}
              <Ago time={template.updated_at} />
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
                aria-label={trans.__('Versions of template %1', template.name)}
                onClick={() => {
                  versions(template);
                }}
              >
                {trans.__('Versions')}
              </button>
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
        <li key={plan.plan_id} className="pm-Item" {...planItem(plan)}>
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
            <Ago time={plan.submitted_at ?? plan.created_at} />
          </span>
          <CountsBar counts={plan.counts} marks={marks.run} trans={trans} />
        </li>
      ))}
    </ul>
  );
}
