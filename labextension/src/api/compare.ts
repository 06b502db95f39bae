/** `pm/api/compare`: runs side by side. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { withQuery } from './answers';

export type Comparison = Got<'/compare'>;
export type ComparedSection = Comparison['sections'][number];

/** Runs side by side, in the order of `runs`; `upstream`: also what they were made from. */
export async function compareRuns(
  api: IApi,
  runs: readonly number[],
  upstream: boolean
): Promise<Comparison> {
  return await api.request(withQuery('compare', { run: runs.map(String), upstream }));
}
