/**
 * Drawings that are not saved yet, kept where the Lab keeps its state: a reload, a closed browser or
 * a killed server loses nothing, and an unfinished pipeline is kept as well as a finished one.
 */

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONObject, ReadonlyPartialJSONValue } from '@lumino/coreutils';

import type { IDraft, IPlanRequest } from './document';
import { DraftNews } from './draft_news';
import { writePipeline } from './writing';

const NAMESPACE = 'pm-unsaved';
const REQUESTS = 'pm-requests';

/** What of a request is meant for the next time as well; the rest was meant for one plan. */
const LASTING: ReadonlySet<string> = new Set(['samples', 'branches', 'branch_groups']);

/** What is kept of one pipeline tab. */
export interface IUnsaved {
  readonly document: unknown;
  readonly request: unknown;
  /** The saved pipeline that was edited, and the revision that was seen. */
  readonly template: { readonly name: string; readonly revision: string } | null;
  /** The stored draft, and the revision that was seen. */
  readonly draft: { readonly plan: number; readonly revision: string } | null;
  /** The document is the saved one, and the request alone was to be kept. */
  readonly saved?: boolean;
  /** When, in ISO 8601. */
  readonly time: string;
}

export class UnsavedWork {
  constructor(private readonly _state: IStateDB | null) {
    this.news = new DraftNews(_state);
  }

  /** What was changed of the stored drafts meanwhile. */
  readonly news: DraftNews;

  async load(key: string): Promise<IUnsaved | null> {
    const found = (await this._state?.fetch(`${NAMESPACE}:${key}`)) as
      ReadonlyPartialJSONObject | undefined;
    return found === undefined || found['document'] === undefined
      ? null
      : (found as unknown as IUnsaved);
  }

  async keep(
    key: string,
    draft: IDraft,
    origin: Pick<IUnsaved, 'template' | 'draft' | 'saved'>
  ): Promise<void> {
    const unsaved: IUnsaved = {
      document: writePipeline(draft.document),
      request: draft.request,
      ...origin,
      time: new Date().toISOString()
    };
    await this._state?.save(`${NAMESPACE}:${key}`, unsaved as unknown as ReadonlyPartialJSONValue);
  }

  /** What was last asked of a saved pipeline: its samples and branches are no part of it. */
  async requestOf(template: string): Promise<unknown> {
    return this._state?.fetch(`${REQUESTS}:${template}`);
  }

  /** Keep it for the next time the pipeline is opened. */
  async keepRequest(template: string, request: IPlanRequest): Promise<void> {
    const id = `${REQUESTS}:${template}`;
    const lasting = Object.fromEntries(
      Object.entries(request).filter(([name]) => LASTING.has(name))
    );
    if (Object.keys(lasting).length === 0) {
      await this._state?.remove(id);
    } else {
      await this._state?.save(id, lasting);
    }
  }

  /** A saved pipeline is called otherwise now. */
  async renameRequest(template: string, name: string): Promise<void> {
    const request = await this.requestOf(template);
    if (request !== undefined) {
      await this._state?.save(`${REQUESTS}:${name}`, request as ReadonlyPartialJSONValue);
      await this.forgetRequest(template);
    }
  }

  /** A saved pipeline is gone: another one of its name begins without its samples. */
  async forgetRequest(template: string): Promise<void> {
    await this._state?.remove(`${REQUESTS}:${template}`);
  }

  async forget(key: string): Promise<void> {
    await this._state?.remove(`${NAMESPACE}:${key}`);
  }
}
