/** `pm/api/methods/NAME/versions/N/source`: the code of a version. */

import type { IApi } from '../tokens';
import type { Got } from './answers';

export type Source = Got<'/methods/{name}/versions/{version}/source'>;

/** The files of a version, as they were committed. */
export async function getSource(api: IApi, method: string, version: number): Promise<Source> {
  return await api.request(`methods/${encodeURIComponent(method)}/versions/${version}/source`);
}
