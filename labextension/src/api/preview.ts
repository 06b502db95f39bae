/** A stored draft: looked at with its run tree, changed in part, submitted. */

import type { IApi } from '../tokens';
import type { Got, Posted } from './answers';
import { sending, withQuery } from './answers';
import type { Plan, PreviewFields, Tree, TreeNode } from './schema';

export type { Plan };
/** Of all that runs: one after the other, the longest chain, and methods that never ran. */
export type Estimate = Got<'/plans/{plan_id}/preview'>['estimate'];
export type PreviewWithTree = PreviewFields & { estimate: Estimate; tree: Tree | null };
export type PlanTreeNode = TreeNode;
export type PlanTreeRun = TreeNode['runs'][number];

/** What of a draft can be changed; what is left out stays. */
export interface IDraftParts {
  request?: object;
  name?: string;
  notes?: string;
  metadata?: Record<string, unknown>;
}

/** What a stored draft would run and reuse now, with part of its run tree. */
export async function previewDraft(
  api: IApi,
  plan: number,
  part: { first: number; limit: number }
): Promise<PreviewWithTree> {
  return await api.request<Got<'/plans/{plan_id}/preview'>>(
    withQuery(`plans/${plan}/preview`, part)
  );
}

/** What a stored draft would run and reuse if this were asked for; nothing is stored. */
export async function previewRequest(
  api: IApi,
  plan: number,
  request: object,
  part: { first: number; limit: number },
  signal: AbortSignal
): Promise<PreviewWithTree> {
  return await api.request<Posted<'/plans/{plan_id}/preview'>>(`plans/${plan}/preview`, {
    ...sending('POST', { request, ...part }),
    signal
  });
}

/**
 * Change part of a stored draft.
 *
 * @param expected - the revision that was seen
 * @returns the revision that it has now
 * @throws Refused with status 409 when somebody else changed or submitted it meanwhile
 */
export async function editDraft(
  api: IApi,
  plan: number,
  expected: string,
  parts: IDraftParts
): Promise<Got<'/plans/{plan_id}'>> {
  return await api.request(`plans/${plan}`, sending('PUT', { ...parts, expected }));
}

/**
 * Run a draft as it is stored.
 *
 * @param accept - the difference from the preview that the person has seen and agreed to
 * @throws Refused with `difference` when it would now run otherwise than it was previewed
 */
export async function submitDraft(api: IApi, plan: number, accept?: string): Promise<Plan> {
  return await api.request<Posted<'/plans/{plan_id}/submit'>>(
    `plans/${plan}/submit`,
    sending('POST', accept === undefined ? {} : { accept })
  );
}
