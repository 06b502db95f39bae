/** One planned run of a plan, by its key. */

import type { PlannedRun, PlannedRunsPage } from '../api/plans';
import { plannedRuns } from '../api/plans';
import type { IApi } from '../tokens';

/** Of so many in one answer. */
const PAGE = 1000;

/** Find a planned run among those of its step and sample; null, it is not stored with the plan. */
export async function plannedRun(
  api: IApi,
  plan: number,
  key: string,
  step: string,
  sample: string | null
): Promise<PlannedRun | null> {
  for (let first: number | null = 0; first !== null;) {
    const page: PlannedRunsPage = await plannedRuns(api, plan, {
      step: [step],
      ...(sample === null ? {} : { sample: [sample] }),
      first,
      limit: PAGE
    });
    const found = page.planned_runs.find(each => each.key === key);
    if (found !== undefined) {
      return found;
    }
    first = page.next;
  }
  return null;
}
