/** A file of the file browser as the input of a step. */

import { FileDialog } from '@jupyterlab/filebrowser';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { TranslationBundle } from '@jupyterlab/translation';

import { placeOfFile } from '../api/place';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import { setBinding } from '../pipeline/edits';
import type { IApi, IPipelineModel } from '../tokens';

/** Ask for a file and give it to the input, as the server names it. */
export async function chooseFile(
  browser: IDefaultFileBrowser,
  api: IApi,
  model: IPipelineModel,
  place: { readonly step: string; readonly input: string },
  trans: TranslationBundle
): Promise<void> {
  const { step, input } = place;
  const { button, value } = await FileDialog.getOpenFiles({
    manager: browser.model.manager,
    title: trans.__('File for %1 of %2', input, step)
  });
  const chosen = value?.find(each => each.type !== 'directory');
  if (!button.accept || chosen === undefined) {
    return;
  }
  try {
    const path = await placeOfFile(api, chosen.path);
    model.commit(trans.__('data for %1', input), document =>
      setBinding(document, step, input, { kind: 'file', path })
    );
  } catch (error) {
    await showExplanation(explained(error, trans), trans);
  }
}
