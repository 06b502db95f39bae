/** `pm/api/plans`: the plans of the workspace. */

import type { IApi } from '../tokens';
import type { Got, Posted } from './answers';
import { sending, withQuery } from './answers';
import type { Plan, PlannedRun, StepCounts } from './schema';

export type { Plan, PlannedRun, StepCounts };

/** A plan with the pipeline and the request that it was made from. */
export type PlanDetails = Got<'/plans/{plan_id}'>;
/** Counts of a plan as a whole and by step. */
export type PlanStatus = Got<'/plans/{plan_id}/status'>;
/** Why a plan is not what was hoped for: its own error, and what was printed around its runs. */
export type PlanTrouble = Got<'/plans/{plan_id}/trouble'>;
export type StepLevels = Got<'/plans/{plan_id}/levels'>['steps'][number];
export type PlannedRunsPage = Got<'/plans/{plan_id}/runs'>;

/** A choice of planned runs. */
export interface IPlannedRunsQuery {
  state?: readonly string[];
  step?: readonly string[];
  sample?: readonly string[];
  first?: number;
  limit?: number;
}

/** Which parts of a plan run once more; without a choice, all that failed. */
export interface IRetry {
  step?: string | null;
  sample?: string | null;
  run_id?: number | null;
  /** Several runs at once; an empty list chooses no more than its absence. */
  run_ids?: readonly number[];
  /** Also what has a result, with everything below it. */
  again?: boolean;
}

/**
 * The newest plans, newest first.
 *
 * @param query - `pipeline`: only those of the template, or of documents, of that name
 */
export async function listPlans(
  api: IApi,
  query: { status?: readonly string[]; pipeline?: string; limit?: number } = {}
): Promise<readonly Plan[]> {
  return (await api.request<Got<'/plans'>>(withQuery('plans', query))).plans;
}

export async function getPlan(api: IApi, plan: number): Promise<PlanDetails> {
  return await api.request(`plans/${plan}`);
}

export async function getPlanStatus(api: IApi, plan: number): Promise<PlanStatus> {
  return await api.request(`plans/${plan}/status`);
}

/** Steps whose ended runs have warnings or errors in their logs. */
export async function getPlanLevels(api: IApi, plan: number): Promise<readonly StepLevels[]> {
  return (await api.request<Got<'/plans/{plan_id}/levels'>>(`plans/${plan}/levels`)).steps;
}

export async function plannedRuns(
  api: IApi,
  plan: number,
  query: IPlannedRunsQuery = {}
): Promise<PlannedRunsPage> {
  return await api.request(withQuery(`plans/${plan}/runs`, { ...query }));
}

export async function cancelPlan(
  api: IApi,
  plan: number
): Promise<Posted<'/plans/{plan_id}/cancel'>> {
  return await api.request(`plans/${plan}/cancel`, sending('POST', {}));
}

export async function resumePlan(
  api: IApi,
  plan: number
): Promise<Posted<'/plans/{plan_id}/resume'>> {
  return await api.request(`plans/${plan}/resume`, sending('POST', {}));
}

export async function retryPlan(
  api: IApi,
  plan: number,
  retry: IRetry = {}
): Promise<Posted<'/plans/{plan_id}/retry'>> {
  return await api.request(`plans/${plan}/retry`, sending('POST', retry));
}

/** Forget what was to run again when the running launch has ended; all, or what is chosen. */
export async function takeBackRetry(
  api: IApi,
  plan: number,
  chosen: Omit<IRetry, 'again'> = {}
): Promise<Posted<'/plans/{plan_id}/take_back'>> {
  return await api.request(`plans/${plan}/take_back`, sending('POST', chosen));
}

export async function getPlanTrouble(api: IApi, plan: number): Promise<PlanTrouble> {
  return await api.request(`plans/${plan}/trouble`);
}

/** A pipeline that is drawn, with its samples and other wishes, as JSON. */
export interface IDrawn {
  document: object;
  request: object;
  name: string | null;
}

/** The Python that builds a plan, or a pipeline that is stored nowhere. */
export async function pythonOf(api: IApi, what: number | IDrawn): Promise<string> {
  type Answer = Got<'/plans/{plan_id}/python'>;
  const { python } =
    typeof what === 'number'
      ? await api.request<Answer>(`plans/${what}/python`)
      : await api.request<Answer>('python', sending('POST', what));
  return python;
}

/** The archive with a folder that plain Nextflow runs. */
export async function exportOf(api: IApi, what: number | IDrawn): Promise<ArrayBuffer> {
  return typeof what === 'number'
    ? await api.bytes(`plans/${what}/export`)
    : await api.bytes('export', sending('POST', what));
}
