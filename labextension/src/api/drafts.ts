/** Plans before they are submitted: previewed from a document, stored, changed. */

import type { IApi } from '../tokens';
import type { Got, Posted } from './answers';
import { sending } from './answers';
import type { Preview } from './schema';

export type IPreview = Preview;
export type IPlanDetails = Got<'/plans/{plan_id}'>;
/** A stored draft, and what it would run and reuse. */
export type IStoredDraft = Posted<'/plans'>;
export type IPreviewWithTree = Posted<'/preview'>;

/** What a pipeline that is stored nowhere would run and reuse now; nothing is written. */
export async function previewPipeline(
  api: IApi,
  document: object,
  request: object,
  signal?: AbortSignal
): Promise<IPreviewWithTree> {
  return api.request<IPreviewWithTree>('preview', {
    ...sending('POST', { document, request }),
    ...(signal === undefined ? {} : { signal })
  });
}

/** The hash of what a pipeline would run, as that of a saved version; how it is drawn does not count. */
export async function contentHash(api: IApi, document: object): Promise<string> {
  const checked = await api.request<Posted<'/check'>>('check', sending('POST', { document }));
  return checked.content_hash;
}

/** Make a draft. Throws Refused with the problems where the pipeline has any. */
export async function createDraft(
  api: IApi,
  draft: { document: object; request: object; name?: string; template?: string }
): Promise<IStoredDraft> {
  return api.request<IStoredDraft>('plans', sending('POST', draft));
}

/**
 * Change a draft.
 *
 * @param expected - the revision that was seen
 * @throws Refused with status 409 when somebody else changed or submitted it meanwhile
 */
export async function changeDraft(
  api: IApi,
  plan: number,
  expected: string,
  change: { document: object; request: object; name?: string }
): Promise<IStoredDraft> {
  return api.request<IStoredDraft>(`plans/${plan}`, sending('PUT', { expected, ...change }));
}

/** A plan of any status: its document, its request, and how far each of its steps is. */
export async function getPlanDetails(api: IApi, plan: number): Promise<IPlanDetails> {
  return api.request<IPlanDetails>(`plans/${plan}`);
}
