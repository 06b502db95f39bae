/** What a drawing has to do with the pipeline that is saved under its name: saving it, taking it. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { ITemplate } from '../api/templates';
import { getTemplate } from '../api/templates';
import type { IApi } from '../tokens';
import type { IDraft, IPlanRequest } from './document';
import { EMPTY_PIPELINE } from './document';
import { placeMissing } from './drawing';
import { setPipelineName } from './edits';
import type { Keeper } from './keeper';
import type { PipelineModel } from './model';
import type { IReading } from './reading';
import { readPipeline, readRequest } from './reading';
import type { Saved } from './saved';
import { originOf } from './saved';

interface IFiledOptions {
  readonly api: IApi;
  readonly trans: TranslationBundle;
  readonly model: PipelineModel;
  readonly saved: Saved;
  readonly keeper: Keeper;
  /** Let something else be drawn; what of it could not be read is lost. */
  readonly take: (name: string, draft: IDraft, lost: readonly string[]) => void;
  /** Let go of the last edit, whatever is looked at. */
  readonly takeBack: () => void;
  /** What is saved is another, though what is drawn is not. */
  readonly told: () => void;
}

export class Filed {
  constructor(private readonly _on: IFiledOptions) {}

  async save(name?: string): Promise<void> {
    const { model, saved } = this._on;
    const target = name ?? saved.origin?.name ?? model.name;
    await this._save(target, () => {
      const { origin } = saved;
      return origin?.name === target ? origin.revision : null;
    });
  }

  async replace(theirs: ITemplate | null, name: string): Promise<void> {
    await this._save(name, () => theirs?.revision ?? null);
  }

  takeTheirs(theirs: ITemplate): void {
    const { model, trans } = this._on;
    this._take(readPipeline(theirs.document, trans), model.draft.request, theirs);
  }

  async takeSaved(): Promise<void> {
    const { api, trans, model, saved, keeper } = this._on;
    const name = saved.origin?.name;
    if (name === undefined) {
      this._take({ document: EMPTY_PIPELINE, lost: [], newer: false }, {}, null);
      model.forgetDraft();
      return;
    }
    const template = await getTemplate(api, name);
    const asked = readRequest(await keeper.requestOf(name));
    if (!model.isDisposed) {
      this._take(readPipeline(template.document, trans), asked, template);
    }
  }

  renamed(template: { readonly name: string; readonly revision: string }): void {
    const { model, saved, trans, told } = this._on;
    const version = saved.origin?.version;
    saved.origin = { ...template, ...(version === undefined ? {} : { version }) };
    const wasDirty = model.dirty;
    model.commit(trans.__('rename pipeline'), document => setPipelineName(document, template.name));
    if (!wasDirty) {
      saved.document = model.draft.document;
    }
    told();
  }

  async lookForTheirs(): Promise<void> {
    if ((await this._on.saved.look()) && !this._on.model.isDisposed) {
      this._on.told();
    }
  }

  ignoreTheirs(): void {
    this._on.saved.ignoreTheirs();
    this._on.told();
  }

  private _take(reading: IReading, request: IPlanRequest, template: ITemplate | null): void {
    const { model, saved, trans } = this._on;
    if (reading.newer) {
      throw new Error(
        trans.__(
          'What is saved as "%1" was written by a newer program: it cannot take the place of what is drawn here. Update the Research Process Manager, then take it.',
          template?.name ?? ''
        )
      );
    }
    if (model.viewing !== null) {
      // Else nobody would see what was taken.
      void model.view(null);
    }
    const document = placeMissing(reading.document, model.catalogue);
    saved.origin = template === null ? null : originOf(template);
    saved.document = reading.lost.length === 0 ? document : null;
    const name = template === null ? trans.__('start anew') : trans.__('take the saved version');
    this._on.take(name, { document, request }, reading.lost);
  }

  private async _save(name: string, expected: () => string | null): Promise<void> {
    const { model, saved, trans } = this._on;
    const before = model.name;
    if (before !== name) {
      model.commit(trans.__('name pipeline'), document => setPipelineName(document, name));
    }
    const { document } = model.draft;
    try {
      await saved.put(name, document, expected);
    } catch (error) {
      // It is called as before where it could not be saved under another name.
      if (before !== name && before !== '' && model.draft.document === document) {
        this._on.takeBack();
      }
      throw error;
    }
    this._on.told();
  }
}
