/** An explanation as a dialog. */

import { Clipboard, Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IExplanation } from './explanation';
import { firstCommand } from './explanation';
import { ExplanationText } from './view';

/** Show it until it is closed; the main button copies the first command. */
export async function showExplanation(
  explanation: IExplanation,
  trans: TranslationBundle
): Promise<void> {
  const command = firstCommand(explanation);
  const close = Dialog.cancelButton({ label: trans.__('Close') });
  const copy = Dialog.okButton({ label: trans.__('Copy command') });
  const { button } = await showDialog({
    title: explanation.title,
    body: ReactWidget.create(<ExplanationText explanation={explanation} trans={trans} />),
    buttons: command === undefined ? [close] : [close, copy]
  });
  if (button.accept && command !== undefined) {
    Clipboard.copyToSystem(command);
  }
}
