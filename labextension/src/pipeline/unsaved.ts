/**
 * Drawings that are not saved yet, kept where the Lab keeps its state, and at the server: a reload, a
 * closed browser, a killed server or browser data that are cleared lose nothing, and an unfinished
 * pipeline is kept as well as a finished one.
 */

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONObject, ReadonlyPartialJSONValue } from '@lumino/coreutils';

import type { IApi } from '../tokens';
import type { IDraft, IPlanRequest } from './document';
import { DraftNews } from './draft_news';
import type { IWhichDrawing } from './kept_drawings';
import { KeptDrawings } from './kept_drawings';
import { writePipeline } from './writing';

const NAMESPACE = 'pm-unsaved';
const REQUESTS = 'pm-requests';

/** What of a request is meant for the next time as well; the rest was meant for one plan. */
const LASTING: ReadonlySet<string> = new Set(['samples', 'branches', 'branch_groups']);

/** A saved pipeline, as it was seen. */
export interface IOrigin {
  readonly name: string;
  readonly revision: string;
  /** Which of its versions is drawn; absent where that was not known yet. */
  readonly version?: IOriginVersion;
}

export interface IOriginVersion {
  readonly version: number;
  readonly content_hash: string;
  /** What was the newest version then. */
  readonly newest: number;
  /** The content of that; absent where it was not known. */
  readonly newest_hash?: string;
  /** Of one that was not the newest: when and by whom it was saved, and what was said of it. */
  readonly saved_at?: string;
  readonly saved_by?: string;
  readonly note?: string;
}

/** What is kept of one pipeline tab. */
export interface IUnsaved {
  readonly document: unknown;
  readonly request: unknown;
  /** The saved pipeline that was edited, and the revision that was seen. */
  readonly template: IOrigin | null;
  /** The stored draft, and the revision that was seen. */
  readonly draft: { readonly plan: number; readonly revision: string } | null;
  /** The document is the saved one, and the request alone was to be kept. */
  readonly saved?: boolean;
  /** When, in ISO 8601. */
  readonly time: string;
}

export class UnsavedWork {
  constructor(
    private readonly _state: IStateDB | null,
    api: IApi | null = null,
    which: IWhichDrawing = {}
  ) {
    this.news = new DraftNews(_state);
    this.kept = new KeptDrawings(api, _state, which);
  }

  /** What was changed of the stored drafts meanwhile. */
  readonly news: DraftNews;
  /** What of it is at the server. */
  readonly kept: KeptDrawings;

  async load(key: string): Promise<IUnsaved | null> {
    const found = (await this._state?.fetch(`${NAMESPACE}:${key}`)) as
      ReadonlyPartialJSONObject | undefined;
    const here =
      found === undefined || found['document'] === undefined
        ? null
        : (found as unknown as IUnsaved);
    const work = await this.kept.newer(key, here);
    if (work !== null && work !== here) {
      await this._state?.save(`${NAMESPACE}:${key}`, work as unknown as ReadonlyPartialJSONValue);
    }
    return work;
  }

  /** This is what was brought back: while it is as it was then, it is work of that time. */
  broughtBack(
    draft: IDraft,
    origin: Pick<IUnsaved, 'template' | 'draft' | 'saved'>,
    time: string
  ): void {
    this._last = { text: JSON.stringify(written(draft, origin)), time };
  }

  async keep(
    key: string,
    draft: IDraft,
    origin: Pick<IUnsaved, 'template' | 'draft' | 'saved'>
  ): Promise<void> {
    const work = written(draft, origin);
    const text = JSON.stringify(work);
    if (this._last?.text !== text) {
      this._last = { text, time: new Date().toISOString() };
    }
    const unsaved: IUnsaved = { ...work, time: this._last.time };
    await this._state?.save(`${NAMESPACE}:${key}`, unsaved as unknown as ReadonlyPartialJSONValue);
    if (origin.saved === true) {
      this.kept.forget(key);
    } else {
      this.kept.keep(key, unsaved);
    }
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
    this.kept.forget(key);
  }

  /** What was kept last. */
  private _last: { readonly text: string; readonly time: string } | null = null;
}

function written(
  { document, request }: IDraft,
  origin: Pick<IUnsaved, 'template' | 'draft' | 'saved'>
): Omit<IUnsaved, 'time'> {
  return { document: writePipeline(document), request, ...origin };
}
