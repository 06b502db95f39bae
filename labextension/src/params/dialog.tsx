/** An editor in a dialog. Every edit is made at once and can be undone, so there is only "Done". */

import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type React from 'react';

/** The Lab's dialog takes Enter in any field for "Done"; in an editor it ends one field. */
export class EditorDialog extends Dialog<unknown> {
  override handleEvent(event: Event): void {
    const { target } = event;
    if (event instanceof KeyboardEvent && event.key === 'Escape' && target instanceof HTMLElement) {
      // What is half typed is given on, as by "Done"; undo takes it back.
      target.blur();
    }
    const isTyped =
      event instanceof KeyboardEvent &&
      event.key === 'Enter' &&
      target instanceof Element &&
      target.closest('.pm-Editor') !== null;
    if (!isTyped) {
      super.handleEvent(event);
    }
  }
}

/** Where typing begins. */
const FIRST_FIELD = ':is(textarea, input:not([type=radio]), select)';

/** Show an editor until it is closed. */
export async function showEditor(
  title: string,
  editor: React.ReactElement,
  trans: TranslationBundle
): Promise<void> {
  const body = ReactWidget.create(editor);
  body.addClass('pm-Editor');
  const dialog = new EditorDialog({
    title,
    body,
    buttons: [Dialog.okButton({ label: trans.__('Done') })],
    hasClose: true,
    focusNodeSelector: `.pm-Editor ${FIRST_FIELD}`
  });
  dialog.addClass('pm-EditorDialog');
  dialog.node.setAttribute('aria-label', title);
  await dialog.launch();
}
