/** `pm/api/methods/NAME`: the versions of one method, and their code. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import type { IVersionEntry } from './methods';

export type MethodSource = Got<'/methods/{name}/versions/{version}/source'>;

/** The entries of all versions, oldest first. */
export async function listVersions(api: IApi, method: string): Promise<readonly IVersionEntry[]> {
  const path = `methods/${encodeURIComponent(method)}`;
  return (await api.request<Got<'/methods/{name}'>>(path)).versions;
}

/** The files of a version, as they were committed. */
export async function readSource(
  api: IApi,
  method: string,
  version: number
): Promise<MethodSource> {
  return await api.request(`methods/${encodeURIComponent(method)}/versions/${version}/source`);
}
