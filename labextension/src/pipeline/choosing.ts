/** Which of the pipelines that are kept is opened: asked where nothing on screen names one. */

import { InputDialog } from '@jupyterlab/apputils';
import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { listDrawings } from '../api/drawings';
import { listTemplates } from '../api/templates';
import type { IApi } from '../tokens';

/** What opens it: a saved pipeline by name, a drawing that is not saved by key. */
export type IKept = { readonly template: string } | { readonly drawing: string };

/** Ask for one; null, none was chosen, or there is none. */
export async function chooseKept(api: IApi, trans: TranslationBundle): Promise<IKept | null> {
  const [templates, drawings] = await Promise.all([listTemplates(api), listDrawings(api)]);
  const offered = new Map<string, IKept>();
  for (const { name } of templates) {
    offered.set(name, { template: name });
  }
  for (const { key, name, changed_at } of drawings) {
    const called = name === '' ? trans.__('Unnamed pipeline') : name;
    const said = trans.__('%1, not saved, changed %2', called, Time.formatHuman(changed_at));
    // Two that look the same are told apart by their time.
    const told = offered.has(said) ? `${said} (${Time.format(changed_at)})` : said;
    offered.set(told, { drawing: key });
  }
  if (offered.size === 0) {
    throw new Error(
      trans.__('No pipeline is kept yet: draw one, and save it with Ctrl+S under a name.')
    );
  }
  const { button, value } = await InputDialog.getItem({
    title: trans.__('Open pipeline'),
    label: trans.__('Pipeline:'),
    items: [...offered.keys()],
    okLabel: trans.__('Open')
  });
  return button.accept && value !== null ? (offered.get(value) ?? null) : null;
}
