/** `pm/api/drawings`: pipelines that are being drawn, finished or not, kept until they are saved. */

import { Signal } from '@lumino/signaling';

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { sending } from './answers';
import type { UnsavedDrawing } from './schema';

export type IUnsavedDrawing = UnsavedDrawing;

/** Emits when this page kept or forgot one. */
export const drawingsChanged = new Signal<object, void>({});

/** The one that was changed last first. */
export async function listDrawings(api: IApi): Promise<readonly IUnsavedDrawing[]> {
  return (await api.request<Got<'/drawings'>>('drawings')).drawings;
}

/** What is drawn, and the revision that it has. Throws Refused with status 404 when it is gone. */
export async function getDrawing(api: IApi, key: string): Promise<Got<'/drawings/{key}'>> {
  return api.request<Got<'/drawings/{key}'>>(path(key));
}

/**
 * Keep what is drawn.
 *
 * @param expected - the revision that is replaced; null: there is none yet
 * @throws Refused with status 409 when it was changed elsewhere meanwhile
 */
export async function putDrawing(
  api: IApi,
  key: string,
  content: object,
  expected: string | null
): Promise<IUnsavedDrawing> {
  const kept = await api.request<IUnsavedDrawing>(path(key), sending('PUT', { content, expected }));
  drawingsChanged.emit();
  return kept;
}

/** Forget it. Throws as `putDrawing` does. */
export async function deleteDrawing(api: IApi, key: string, expected: string): Promise<void> {
  await api.request(`${path(key)}?expected=${encodeURIComponent(expected)}`, { method: 'DELETE' });
  drawingsChanged.emit();
}

function path(key: string): string {
  return `drawings/${encodeURIComponent(key)}`;
}
