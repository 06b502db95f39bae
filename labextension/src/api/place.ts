/** `pm/api/place`: a file that the file browser shows, as a step of a pipeline names it. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { withQuery } from './answers';

/** Its path. Throws Refused for what is no file, or lies outside of what the server shows. */
export async function placeOfFile(api: IApi, path: string): Promise<string> {
  return (await api.request<Got<'/place'>>(withQuery('place', { path }))).path;
}
