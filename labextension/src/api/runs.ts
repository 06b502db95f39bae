/** `pm/api/runs`: runs, everything that is recorded of them, and their lineage. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { withQuery } from './answers';
import type { OutputType, Run, RunFields, RunInput, RunParameter } from './schema';

export type { OutputType, Run, RunInput, RunParameter };

export type RunDetails = Got<'/runs/{run_id}'>;
export type RunsPage = Got<'/runs'>;
/** A run in a lineage; with `details` everything that is recorded of it, so its parameters too. */
export type LineageRun = RunFields & {
  readonly layer: number;
  readonly parameters?: readonly RunParameter[];
  readonly inputs?: readonly RunInput[];
};
export type Lineage = Omit<Got<'/runs/{run_id}/lineage'>, 'runs'> & {
  readonly runs: readonly LineageRun[];
};
export type LineageEdge = Lineage['edges'][number];
export type Direction = Lineage['direction'];

/** A choice of runs. */
export interface IRunsQuery {
  status?: readonly string[];
  method?: string;
  module?: string;
  sample?: string;
  plan?: number;
  step?: string;
  since?: string;
  metadata?: readonly string[];
  log?: string;
  limit?: number;
  before?: number;
  counts?: boolean;
}

/** Runs, newest first. */
export async function listRuns(api: IApi, query: IRunsQuery = {}): Promise<RunsPage> {
  return await api.request(withQuery('runs', { ...query }));
}

export async function getRun(api: IApi, run: number): Promise<RunDetails> {
  return await api.request(`runs/${run}`);
}

export async function getLineage(
  api: IApi,
  run: number,
  options: { direction: Direction; limit?: number; details?: boolean }
): Promise<Lineage> {
  return await api.request(withQuery(`runs/${run}/lineage`, options));
}

/** The lineage as a Mermaid flowchart. */
export async function getMermaid(
  api: IApi,
  run: number,
  options: { direction: Direction | 'both'; limit?: number; details?: boolean }
): Promise<string> {
  const path = withQuery(`runs/${run}/lineage/mermaid`, options);
  return (await api.request<Got<'/runs/{run_id}/lineage/mermaid'>>(path)).mermaid;
}
