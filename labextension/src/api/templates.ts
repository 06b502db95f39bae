/** `pm/api/templates`: pipelines saved under a name. */

import type { IApi } from '../tokens';
import { sending } from './answers';
import type { Template, TemplateEntry } from './schema';

export type ITemplate = Template;
export type ITemplateEntry = TemplateEntry;

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
 * @throws Refused with status 409 when somebody else saved meanwhile, 404 when it was deleted
 */
export async function putTemplate(
  api: IApi,
  name: string,
  document: object,
  expected: string | null
): Promise<ITemplate> {
  return api.request<ITemplate>(path(name), sending('PUT', { document, expected }));
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
