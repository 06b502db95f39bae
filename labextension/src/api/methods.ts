/** `pm/api/methods`: what is registered, in every version. */

import type { IApi } from '../tokens';
import type { Accepts, Declaration, Method, Param, Version, VersionEntry } from './schema';

export type IMethod = Method;
export type IVersion = Version;
export type IVersionEntry = VersionEntry;
export type IDeclaration = Declaration;
export type IInput = Declaration['inputs'][number];
export type IOutput = Declaration['outputs'][number];
export type IParam = Param;
export type IAccepts = Accepts;

/** All methods, each with everything that its latest version declares. */
export async function listMethods(api: IApi): Promise<readonly IMethod[]> {
  return (await api.request<{ methods: readonly IMethod[] }>('methods')).methods;
}

/** Everything that one version declares. */
export async function getVersion(api: IApi, method: string, version: number): Promise<IVersion> {
  return api.request<IVersion>(`methods/${encodeURIComponent(method)}/versions/${version}`);
}
