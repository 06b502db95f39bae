/** `pm/api/runs/N/files` and what is read of them: outputs, tables, pictures, archives. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { withQuery } from './answers';

export type Outputs = Got<'/runs/{run_id}/outputs'>;
export type Output = Outputs['outputs'][number];
export type Folder = Got<'/runs/{run_id}/files'>;
export type FolderEntry = Folder['entries'][number];
export type TablePage = Got<'/runs/{run_id}/table'>;
export type Picture = Got<'/runs/{run_id}/picture'>;

export async function listOutputs(api: IApi, run: number): Promise<Outputs> {
  return await api.request(`runs/${run}/outputs`);
}

export async function listFolder(api: IApi, run: number, path: string): Promise<Folder> {
  return await api.request(withQuery(`runs/${run}/files`, { path }));
}

export async function readTable(
  api: IApi,
  run: number,
  options: { output?: string; path?: string; first?: number; rows?: number }
): Promise<TablePage> {
  return await api.request(withQuery(`runs/${run}/table`, options));
}

/** A plane, from 1, of an image that no browser shows, as PNG. */
export async function readPicture(
  api: IApi,
  run: number,
  path: string,
  plane: number
): Promise<Picture> {
  return await api.request(withQuery(`runs/${run}/picture`, { path, plane }));
}

/** The address of a file, for pictures and for saving. */
export function fileUrl(
  api: IApi,
  run: number,
  path: string,
  options: { download?: boolean } = {}
): string {
  const place = path.split('/').map(encodeURIComponent).join('/');
  return api.url(withQuery(`runs/${run}/files/${place}`, options));
}

/** The first bytes of a file, all of it where it is not longer. */
export async function readFile(
  api: IApi,
  run: number,
  path: string,
  most: number
): Promise<ArrayBuffer> {
  const place = path.split('/').map(encodeURIComponent).join('/');
  return await api.bytes(`runs/${run}/files/${place}`, {
    headers: { Range: `bytes=0-${most - 1}` }
  });
}

/** The address of an archive with an output, a folder, or everything of a run. */
export function zipUrl(
  api: IApi,
  run: number,
  what: { output?: string; path?: string } = {}
): string {
  return api.url(withQuery(`runs/${run}/zip`, what));
}
