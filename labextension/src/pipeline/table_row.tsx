/** One row of the step table: the step and its state; opened, everything about it. */

import React from 'react';

import { countsText } from '../marks/bar';
import { belongsToText, isUndo, takesText } from '../params/keys';
import { explained } from '../explain/explanation';
import { showExplanation } from '../explain/dialog';
import { declared } from './catalogue';
import type { IStep } from './document';
import { titleOf } from './document';
import { openFailure } from './step_runs';
import type { ITableProps } from './table';
import { StepDetails } from './table_step';

export interface IStepProps extends ITableProps {
  step: IStep;
  /** Called before it gets another name. */
  renamed: (name: string) => void;
  remove: (step: IStep) => void;
}

interface IRowProps extends IStepProps {
  walk: (event: React.KeyboardEvent, step: IStep) => void;
}

/**
 * Here the keys belong to the fields, but for the one that leads back; a list or a box has no edits
 * of its own to take back.
 */
export function keepTextKeys(event: React.KeyboardEvent): void {
  const isOfDrawing = event.key === 'Escape' || (isUndo(event) && !takesText(event.target));
  if (!isOfDrawing && belongsToText(event)) {
    event.stopPropagation();
  }
}

export function StepRow({ walk, ...props }: IRowProps): React.JSX.Element {
  const { model, trans, step } = props;
  const { version } = declared(step, model.catalogue);
  const isSelected = model.selection.has(step.name);
  // Of several that are selected none is opened: there would be no end to it.
  const isOpen = isSelected && model.selection.size === 1;
  return (
    <>
      <tr
        data-pm-step={step.name}
        className={isSelected ? 'pm-mod-selected' : ''}
        onKeyDown={event => {
          walk(event, step);
        }}
      >
        <th scope="row">
          <button
            type="button"
            className="pm-StepTable-name"
            title={titleOf(step)}
            aria-expanded={isOpen}
            aria-pressed={model.selection.size > 1 ? isSelected : undefined}
            onClick={event => {
              if (event.ctrlKey || event.metaKey) {
                const others = [...model.selection].filter(each => each !== step.name);
                model.select(isSelected ? others : [...others, step.name]);
              } else if (isOpen) {
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
        <td>
          <State {...props} />
        </td>
      </tr>
      {isOpen && (
        <tr className="pm-StepTable-details" onKeyDown={keepTextKeys}>
          <td colSpan={3}>
            {/* A key: what is half typed in the draft is never shown in a plan that is viewed. */}
            <StepDetails key={model.viewing?.plan.plan_id ?? 'draft'} {...props} />
          </td>
        </tr>
      )}
    </>
  );
}

/** How far it is in the plan that is viewed; in a drawing, how much is wrong with it. */
function State({ api, model, commands, trans, step }: IStepProps): React.JSX.Element | null {
  const counts = model.states.get(step.name)?.counts;
  const plan = model.viewing?.plan.plan_id;
  if (counts === undefined) {
    const { length } = model.problems.filter(each => each.step === step.name);
    return length === 0 ? null : <>{trans._n('%1 problem', '%1 problems', length)}</>;
  }
  return (
    <>
      {countsText({ ...counts }, trans)}
      {plan !== undefined && (counts['failed'] ?? 0) > 0 && (
        <button
          type="button"
          className="pm-TextButton"
          aria-label={trans.__('Log of a failed run of %1', step.name)}
          onClick={() => {
            openFailure(api, commands, plan, step.name).catch((error: unknown) => {
              void showExplanation(explained(error, trans), trans);
            });
          }}
        >
          {trans.__('Log')}
        </button>
      )}
    </>
  );
}
