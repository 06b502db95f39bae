/** An editor in a dialog. Every edit is made at once and can be undone, so there is only "Done". */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type React from 'react';

import { keepFocus, reachedIn } from './kept_focus';

/**
 * The Lab's dialog takes Enter in any field for "Done"; in an editor it ends one field. And it goes round
 * by Tab from the last button to what was its first field when it opened: an editor has others by then.
 *
 * The Lab shows one dialog at a time, the next one when it is closed. What is asked from an editor, as
 * which file it takes, is asked over it, and has the focus meanwhile.
 */
export class EditorDialog extends Dialog<unknown> {
  override async launch(): Promise<Dialog.IResult<unknown>> {
    if (!this.isAttached) {
      Widget.attach(this, document.body);
    }
    await this._closed.promise;
    return { button: Dialog.okButton(), isChecked: null, value: null };
  }

  override resolve(): void {
    this.dispose();
  }

  override reject(): void {
    this.dispose();
  }

  override dispose(): void {
    super.dispose();
    this._closed.resolve();
  }

  override handleEvent(event: Event): void {
    const { target } = event;
    if (target instanceof Element && isInAnother(target, this.node)) {
      return;
    }
    if (event instanceof KeyboardEvent && event.key === 'Tab' && event.type === 'keydown') {
      this._goRound(event);
      return;
    }
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

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._endKeeping = keepFocus(this.node);
  }

  protected override onAfterDetach(msg: Message): void {
    this._endKeeping();
    super.onAfterDetach(msg);
  }

  /** Tab leads from the end to the beginning, with Shift the other way; between, the page knows. */
  private _goRound(event: KeyboardEvent): void {
    const all = reachedIn(this.node);
    const [end, to] = event.shiftKey ? [all[0], all.at(-1)] : [all.at(-1), all[0]];
    if (document.activeElement === end || !this.node.contains(document.activeElement)) {
      event.preventDefault();
      event.stopPropagation();
      to?.focus();
    }
  }

  private _endKeeping = (): void => undefined;
  private readonly _closed = new PromiseDelegate<void>();
}

/** Whether something is in another dialog. */
function isInAnother(element: Element, dialog: Element): boolean {
  const its = element.closest('.jp-Dialog');
  return its !== null && its !== dialog;
}

/** Where typing begins. */
const FIRST_FIELD = ':is(textarea, input:not([type=radio]), select)';

/**
 * Show an editor until it is closed.
 *
 * @param goOn - called where nothing has the focus then: what had it is gone, as the command palette
 */
export async function showEditor(
  title: string,
  editor: React.ReactElement,
  trans: TranslationBundle,
  goOn: () => void
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
  if (document.activeElement === document.body) {
    goOn();
  }
}

/** Give the focus to the tab in front. */
export function toTabInFront(shell: JupyterFrontEnd.IShell): void {
  const { currentWidget } = shell;
  if (currentWidget !== null) {
    shell.activateById(currentWidget.id);
  }
}
