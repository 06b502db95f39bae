/** The plans that a drawing can be looked at as. */

import type { Plan } from '../api/plans';
import { getPlanStatus, listPlans } from '../api/plans';
import type { IApi } from '../tokens';

/** More than this nobody chooses from. */
const MOST = 200;
/** Plans that are asked for one by one: their name or their template does not lead to them. */
const MOST_SEEN = 20;
/** All but drafts. */
const SUBMITTED = ['submitted', 'running', 'completed', 'partial', 'failed', 'cancelled'];

/** What tells which plans are those of a drawing. */
interface IDrawing {
  /** Empty: by its name it has none, for most that have none have nothing to do with each other. */
  readonly name: string;
  /** The saved pipeline that it is: its plans are known by it, however they are called. */
  readonly template: { readonly name: string } | null;
  /** Plans that were submitted from it or looked at in it. */
  readonly seen: ReadonlySet<number>;
}

/** The plans of a drawing that were submitted, also older ones, the newest first. */
export async function plansOf(
  api: IApi,
  { name, template, seen }: IDrawing
): Promise<readonly Plan[]> {
  const pipeline = template?.name ?? name;
  const listed =
    pipeline === '' ? [] : await listPlans(api, { pipeline, status: SUBMITTED, limit: MOST });
  const known = new Set(listed.map(plan => plan.plan_id));
  const others = await Promise.all(
    [...seen]
      .filter(plan => !known.has(plan))
      .slice(-MOST_SEEN)
      // What cannot be had any more is not offered.
      .map(async plan => getPlanStatus(api, plan).catch(() => null))
  );
  return [...listed, ...others.filter(plan => plan !== null)]
    .filter(plan => plan.status !== 'draft')
    .sort((one, other) => other.plan_id - one.plan_id);
}
