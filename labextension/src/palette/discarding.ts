/** Throwing away a drawing that is not saved: asked about, for nothing brings it back. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IUnsavedDrawing } from '../api/drawings';
import { deleteDrawing } from '../api/drawings';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import type { IApi } from '../tokens';
import { nameOf } from './drawings';
import type { PaletteModel } from './model';

interface IContext {
  api: IApi;
  model: PaletteModel;
  trans: TranslationBundle;
}

export async function discardDrawing(
  { api, model, trans }: IContext,
  drawing: IUnsavedDrawing
): Promise<void> {
  const { button } = await showDialog({
    title: trans.__('Throw away "%1"?', nameOf(drawing, trans)),
    body: trans.__(
      'What was drawn and not saved cannot be brought back. Where it is open it stays, and is kept again with its next edit.'
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Keep') }),
      Dialog.warnButton({ label: trans.__('Throw away') })
    ]
  });
  if (!button.accept) {
    return;
  }
  try {
    await deleteDrawing(api, drawing.key, drawing.revision);
  } catch (error) {
    await model.refresh();
    await showExplanation(explained(error, trans), trans);
  }
}
