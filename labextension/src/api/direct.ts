/** `POST pm/api/runs` and what a method can read: one run, now. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { sending, withQuery } from './answers';

export type Candidates = Got<'/methods/{name}/versions/{version}/candidates'>;

export interface IDirect {
  method: string;
  version: number;
  sample: string | null;
  /** function.param to text, typed by the server. */
  params: Record<string, string>;
  inputs: { name: string; text: string }[];
  rerun: boolean;
}

/**
 * Run a method now.
 *
 * @throws Refused with error Reusable where an equal run answers already
 */
export async function runNow(
  api: IApi,
  direct: IDirect
): Promise<{ run_id: number; plan_id: number }> {
  return await api.request('runs', sending('POST', direct));
}

/** Outputs of completed runs that an input can take, newest first. */
export async function candidatesFor(
  api: IApi,
  method: string,
  version: number,
  input: string
): Promise<Candidates['candidates']> {
  const path = `methods/${encodeURIComponent(method)}/versions/${version}/candidates`;
  const found = await api.request<Candidates>(withQuery(path, { input, limit: 50 }));
  return found.candidates;
}
