/** What menus and keys do with the steps of a pipeline tab: copy, cut, paste, duplicate, add, align. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { CanvasWidget } from '../canvas/widget';
import type { IChosen } from './clipboard';
import { copied, duplicated, pasted } from './clipboard';
import type { VersionSelector } from './document';
import { align, arrange, freePlace, isAlignment, removeNotes } from './drawing';
import { addStep, freeName, removeSteps } from './edits';
import type { PipelineModel } from './model';

interface IEditedPanel {
  readonly model: PipelineModel;
  readonly canvas: CanvasWidget;
  /** The step table: one of its rows may be what is meant. */
  readonly table: HTMLElement;
  readonly trans: TranslationBundle;
}

export class StepEdits {
  constructor(private readonly _on: IEditedPanel) {}

  /** Whether there is anything that an edit could be meant for: steps, frames, comments. */
  get isAnythingMeant(): boolean {
    const { steps, notes } = this._meant;
    return steps.size + notes.size > 0;
  }

  /**
   * What an edit is meant for: what is selected, or the row of the table that has the focus and is not
   * among it. Every edit asks, so that all of them take the same.
   */
  private get _meant(): IChosen {
    const steps = this._on.model.selection;
    const row = document.activeElement?.closest<HTMLElement>('[data-pm-step]') ?? null;
    const name = row?.dataset['pmStep'];
    const isOurs = name !== undefined && this._on.table.contains(row);
    return isOurs && !steps.has(name)
      ? { steps: new Set([name]), notes: new Set() }
      : { steps, notes: this._on.canvas.scene.notes };
  }

  copy(): string | null {
    const { steps, notes } = this._meant;
    return steps.size + notes.size === 0 ? null : copied(this._on.model.document, steps, notes);
  }

  cut(): string | null {
    const { steps, notes } = this._meant;
    const text = this.copy();
    if (text !== null) {
      const { trans } = this._on;
      const name =
        notes.size === 0
          ? trans.__('cut %1 steps', steps.size)
          : trans.__('cut %1 things', steps.size + notes.size);
      this._on.model.commit(name, document => removeNotes(removeSteps(document, steps), notes));
    }
    return text;
  }

  paste(text: string): boolean {
    const { trans } = this._on;
    const result = pasted(this._on.model.document, text, trans);
    if (result === null) {
      return false;
    }
    const { names, notes } = result;
    const name =
      notes.length === 0
        ? trans.__('paste %1 steps', names.length)
        : trans.__('paste %1 things', names.length + notes.length);
    if (this._on.model.commit(name, () => result.document)) {
      this._on.canvas.deeds.choose(names, notes);
    }
    return true;
  }

  addStep(method: string, version: VersionSelector): void {
    const { trans } = this._on;
    const { model } = this._on;
    const name = freeName(model.document.steps, method);
    const at =
      model.selection.size > 0
        ? freePlace(model.document, model.catalogue, model.selection)
        : this._on.canvas.deeds.freePlace();
    if (
      model.commit(trans.__('add %1', name), each => addStep(each, { name, method, version }, at))
    ) {
      model.reveal(name);
    }
  }

  arrange(): void {
    const { model } = this._on;
    const { selection, catalogue } = model;
    const done = model.commit(this._on.trans.__('arrange'), document =>
      arrange(document, catalogue, selection)
    );
    if (done) {
      this._on.canvas.viewport.showAll();
    }
  }

  align(how: string): void {
    const { model } = this._on;
    const { trans } = this._on;
    if (isAlignment(how)) {
      model.commit(trans.__('align %1 steps', model.selection.size), document =>
        align(document, model.catalogue, model.selection, how)
      );
    }
  }

  duplicate(): void {
    const { trans } = this._on;
    const meant = this._meant;
    if (meant.steps.size + meant.notes.size > 0) {
      const result = duplicated(this._on.model.document, meant.steps, meant.notes);
      const { names, notes } = result;
      const name =
        notes.length === 0
          ? trans.__('duplicate %1 steps', names.length)
          : trans.__('duplicate %1 things', names.length + notes.length);
      if (this._on.model.commit(name, () => result.document)) {
        this._on.canvas.deeds.choose(names, notes);
      }
    }
  }
}
