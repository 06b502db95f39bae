/** `pm/api/templates`: pipelines saved under a name. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { sending, withQuery } from './answers';
import type { Template, TemplateEntry, TemplateVersionEntry } from './schema';

export type ITemplate = Template;
export type ITemplateEntry = TemplateEntry;
/** What a template is or was, and what it changed of the version before. */
export type ITemplateVersion = TemplateVersionEntry;
export type IVersionsPage = Got<'/templates/{name}/versions'>;
/** A version with its document. */
export type IVersionDetails = Got<'/templates/{name}/versions/{which}'>;

export async function listTemplates(api: IApi): Promise<readonly ITemplateEntry[]> {
  return (await api.request<{ templates: readonly ITemplateEntry[] }>('templates')).templates;
}

export async function getTemplate(api: IApi, name: string): Promise<ITemplate> {
  return api.request<ITemplate>(path(name));
}

/**
 * Save a pipeline under a name.
 *
 * @param expected - the revision that is replaced; null: there is none of that name yet
 * @param note - what is said of this version
 * @throws Refused with status 409 when somebody else saved meanwhile, 404 when it was deleted
 */
export async function putTemplate(
  api: IApi,
  name: string,
  document: object,
  expected: string | null,
  note?: string
): Promise<ITemplate> {
  const body = { document, expected, ...(note === undefined ? {} : { note }) };
  return api.request<ITemplate>(path(name), sending('PUT', body));
}

/** What a template is and was, the newest first; `before` goes on below a version. */
export async function listVersions(
  api: IApi,
  name: string,
  query: { before?: number; limit?: number } = {}
): Promise<IVersionsPage> {
  return api.request<IVersionsPage>(withQuery(`${path(name)}/versions`, query));
}

export async function getVersion(
  api: IApi,
  name: string,
  version: number
): Promise<IVersionDetails> {
  return api.request<IVersionDetails>(`${path(name)}/versions/${version}`);
}

/** Give a template another name. Throws as `putTemplate` does. */
export async function renameTemplate(
  api: IApi,
  name: string,
  newName: string,
  expected: string
): Promise<ITemplate> {
  return api.request<ITemplate>(path(name), sending('PATCH', { name: newName, expected }));
}

/** Delete a template; plans that were made from it keep their pipeline. */
export async function deleteTemplate(api: IApi, name: string, expected: string): Promise<void> {
  await api.request(`${path(name)}?expected=${encodeURIComponent(expected)}`, { method: 'DELETE' });
}

function path(name: string): string {
  return `templates/${encodeURIComponent(name)}`;
}
