/** `pm/api/plans`: the plans of the workspace. */

import type { IApi } from '../tokens';

export interface IPlan {
  plan_id: number;
  name: string;
  /** A state of IMarks.plan. */
  status: string;
  /** ISO 8601 with offset. */
  created_at: string;
  /** How many of its runs are in which state; a state that is absent has none. */
  counts: Record<string, number>;
}

/** All plans, newest first. */
export async function listPlans(api: IApi): Promise<IPlan[]> {
  return (await api.request<{ plans: IPlan[] }>('plans')).plans;
}
