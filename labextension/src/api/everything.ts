/** `pm/api/everything`: the whole database, folded to methods. */

import type { IApi } from '../tokens';
import type { Got, Posted } from './answers';
import { sending, withQuery } from './answers';

export type Everything = Got<'/everything'>;
export type EverythingMethod = Everything['methods'][number];
export type RunEdge = Posted<'/edges'>['edges'][number];

/** Which runs are counted. */
export interface IEverythingQuery {
  sample?: string;
  plan?: number;
  since?: string;
}

export async function getEverything(api: IApi, query: IEverythingQuery): Promise<Everything> {
  return await api.request(withQuery('everything', { ...query }));
}

/** The links among some runs: both ends are of them. */
export async function edgesAmong(api: IApi, runs: readonly number[]): Promise<readonly RunEdge[]> {
  return (await api.request<Posted<'/edges'>>('edges', sending('POST', { runs }))).edges;
}
