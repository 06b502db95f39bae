/** `pm/api/origin`: which runs made a file. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { withQuery } from './answers';

export type Origin = Got<'/origin'>;

/** The runs that made the content of a file, which is named as Jupyter does. */
export async function originOf(api: IApi, path: string): Promise<Origin> {
  return await api.request(withQuery('origin', { path }));
}
