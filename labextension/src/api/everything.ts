/** `pm/api/everything`: the whole database, folded to methods. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { withQuery } from './answers';

export type Everything = Got<'/everything'>;
export type EverythingMethod = Everything['methods'][number];

/** Which runs are counted. */
export interface IEverythingQuery {
  sample?: string;
  plan?: number;
  since?: string;
}

export async function getEverything(api: IApi, query: IEverythingQuery): Promise<Everything> {
  return await api.request(withQuery('everything', { ...query }));
}
