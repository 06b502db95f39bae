/** An editor in a dialog. Every edit is made at once and can be undone, so there is only "Done". */

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

/** Show an editor until it is closed. */
export async function showEditor(
  title: string,
  editor: React.ReactElement,
  trans: TranslationBundle
): Promise<void> {
  const body = ReactWidget.create(editor);
  body.addClass('pm-Editor');
  const dialog = new Dialog({
    title,
    body,
    buttons: [Dialog.okButton({ label: trans.__('Done') })],
    hasClose: true
  });
  dialog.addClass('pm-EditorDialog');
  // The dialog would take Enter in a field for "Done".
  body.node.addEventListener('keydown', event => {
    const { target } = event;
    if (event.key === 'Enter' && !(target instanceof HTMLButtonElement)) {
      event.stopPropagation();
    }
  });
  await dialog.launch();
}
