/** The plans that a drawing can be looked at as. */

import type { Plan } from '../api/plans';
import { getPlanStatus, listPlans } from '../api/plans';
import type { IApi } from '../tokens';

/** What the server calls the plan of a drawing that has no name. */
const UNNAMED = 'pipeline';
/** More than this nobody chooses from. */
const MOST = 50;
/** Plans that are asked for one by one: they are not among the newest any more. */
const MOST_OLD = 10;

/**
 * The plans of a drawing, newest first; drafts are none.
 *
 * @param name - the name of the drawing: plans are called by it, unless their preview named them
 * @param seen - plans that were submitted from it or looked at in it, however they are called
 */
export async function plansOf(
  api: IApi,
  { name, seen }: { readonly name: string; readonly seen: ReadonlySet<number> }
): Promise<readonly Plan[]> {
  const listed = await listPlans(api);
  const known = new Set(listed.map(plan => plan.plan_id));
  const older = await Promise.all(
    [...seen]
      .filter(plan => !known.has(plan))
      .slice(-MOST_OLD)
      // What cannot be had any more is not offered.
      .map(async plan => getPlanStatus(api, plan).catch(() => null))
  );
  return [
    ...listed.filter(plan => plan.name === (name || UNNAMED) || seen.has(plan.plan_id)),
    ...older.filter(plan => plan !== null).sort((one, other) => other.plan_id - one.plan_id)
  ]
    .filter(plan => plan.status !== 'draft')
    .slice(0, MOST);
}
