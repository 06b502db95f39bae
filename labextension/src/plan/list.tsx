/** The list of plans: a plain table, readable by people and by screen readers. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMarks } from '../api/marks';
import type { Plan } from '../api/plans';
import { explained } from '../explain/explanation';
import { ExplanationPanel, ExplanationText } from '../explain/view';
import { CountsBar } from '../marks/bar';
import { MarkLabel, markOf } from '../marks/mark';
import { addressOf } from '../screen/address';
import { Ago } from '../screen/ago';
import { planItem } from '../screen/item';
import type { PlansState } from './model';

interface IProps {
  state: PlansState;
  busy: boolean;
  refresh: () => void;
  open: (plan: number) => void;
  trans: TranslationBundle;
}

export function PlansList({ state, busy, refresh, open, trans }: IProps): React.JSX.Element {
  return (
    <div className="pm-Plans-body" aria-busy={busy}>
      {state.kind === 'loading' && <p className="pm-Plans-loading">{trans.__('Loading plans…')}</p>}
      {state.kind === 'failed' && (
        <ExplanationPanel
          explanation={explained(state.error, trans)}
          trans={trans}
          retry={refresh}
        />
      )}
      {state.kind === 'listed' &&
        (state.plans.length === 0 ? (
          <NoPlans trans={trans} />
        ) : (
          <PlansTable plans={state.plans} marks={state.marks} open={open} trans={trans} />
        ))}
    </div>
  );
}

function NoPlans({ trans }: { trans: TranslationBundle }): React.JSX.Element {
  const title = trans.__('No plans yet');
  const text = [
    trans.__('A plan is a pipeline with its samples: it appears here when a pipeline is run.'),
    trans.__('To see one at work, run the demo in a terminal: %1', '`pm demo`')
  ];
  return (
    <section className="pm-Explanation">
      <h2>{title}</h2>
      <ExplanationText explanation={{ title, text }} trans={trans} />
    </section>
  );
}

interface ITableProps {
  plans: readonly Plan[];
  marks: IMarks;
  open: (plan: number) => void;
  trans: TranslationBundle;
}

function PlansTable({ plans, marks, open, trans }: ITableProps): React.JSX.Element {
  return (
    <table className="pm-Table">
      <caption className="pm-offscreen">{trans.__('Plans, newest first')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Plan')}</th>
          <th scope="col">{trans.__('Status')}</th>
          <th scope="col">{trans.__('Runs done')}</th>
          <th scope="col" className="pm-Table-number">
            {trans.__('Created')}
          </th>
        </tr>
      </thead>
      <tbody>
        {plans.map(plan => (
          <tr key={plan.plan_id} {...planItem(plan)}>
            <th scope="row">
              <a
                className="pm-Link"
                href={addressOf(`plan-${plan.plan_id}`)}
                onClick={event => {
                  if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
                    event.preventDefault();
                    open(plan.plan_id);
                  }
                }}
              >
                {plan.name}
              </a>{' '}
              <span className="pm-Table-id">{trans.__('plan %1', plan.plan_id)}</span>
            </th>
            <td>
              <MarkLabel mark={markOf(marks.plan, plan.status)} />
            </td>
            <td>
              <CountsBar counts={plan.counts} marks={marks.run} trans={trans} />
            </td>
            <td className="pm-Table-number">
              <Ago time={plan.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
