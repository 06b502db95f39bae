/** Plans in sentences. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Plan } from '../api/plans';
import { countsText } from '../marks/bar';

/** "Plan 12 (cells)". */
export function titled(plan: Pick<Plan, 'plan_id' | 'name'>, trans: TranslationBundle): string {
  return trans.__('Plan %1 (%2)', plan.plan_id, plan.name);
}

/** How a plan ended, in one sentence. */
export function endText(plan: Plan, trans: TranslationBundle): string {
  const name = titled(plan, trans);
  const counts = countsText(plan.counts, trans);
  switch (plan.status) {
    case 'completed':
      return trans.__('%1 is done: %2', name, counts);
    case 'cancelled':
      return trans.__('%1 was cancelled: %2', name, counts);
    case 'partial':
      return trans.__('%1 ended with failures: %2', name, counts);
    default:
      return trans.__('%1 failed: %2', name, counts);
  }
}
