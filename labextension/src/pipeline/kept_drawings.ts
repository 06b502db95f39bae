/**
 * Unsaved work at the server: there for another browser, and for this one with nothing remembered.
 *
 * Two that go on from one drawing do not write over each other: what the server refuses because it
 * was changed elsewhere is kept under a key of its own.
 */

import type { IStateDB } from '@jupyterlab/statedb';
import { UUID } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { deleteDrawing, getDrawing, listDrawings, putDrawing } from '../api/drawings';
import { Refused } from '../api/errors';
import type { IApi } from '../tokens';
import type { IMirror } from './mirrors';
import { Mirrors } from './mirrors';
import type { IOrigin, IUnsaved } from './unsaved';
import { originOfKept } from './versions';

/** What did not get through, for the server was away, is tried again so much later. */
const AGAIN_MS = 15_000;

/** Which drawing at the server the one of a tab is. */
export interface IWhichDrawing {
  /** Its key; without it, that of the tab. */
  readonly key?: string | undefined;
  /** Somebody asked for this one: that it cannot be read is an error, and nothing is shown for it. */
  readonly isAsked?: boolean | undefined;
}

export class KeptDrawings {
  constructor(
    private readonly _api: IApi | null,
    state: IStateDB | null,
    private readonly _which: IWhichDrawing = {}
  ) {
    this._mirrors = new Mirrors(state);
    this._key = _which.key ?? null;
  }

  /** The key of a tab's drawing at the server. */
  keyOf(tab: string): string {
    return this._key ?? tab;
  }

  /** Emits when the drawing has another key from now on. */
  get moved(): ISignal<this, void> {
    return this._moved;
  }

  /** Emits why the server will not keep the drawing, each reason once. */
  get refused(): ISignal<this, Refused> {
    return this._refused;
  }

  /**
   * The work of a tab, here or at the server, whichever is newer. Throws where one that was asked
   * for cannot be had.
   *
   * @param here - what the Lab's state has of it; null, nothing
   */
  async newer(tab: string, here: IUnsaved | null): Promise<IUnsaved | null> {
    const { isAsked = false } = this._which;
    const mirror = await this._mirrors.of(tab);
    if (!isAsked && mirror !== null) {
      this._key = mirror.key;
    }
    if (!isAsked && mirror?.gone === true) {
      this.forget(tab);
      return here;
    }
    let there: { work: IUnsaved; mirror: IMirror } | null = null;
    try {
      there = await this._at(this.keyOf(tab), here === null ? null : mirror);
    } catch (error) {
      if (isAsked && here === null) {
        throw error;
      }
    }
    if (there === null || (here !== null && mirror?.time !== here.time)) {
      // Where both went on, what is here is shown, and kept beside theirs.
      return here;
    }
    await this._note(tab, there.mirror);
    return there.work;
  }

  /** Keep the work of a tab at the server; nobody waits for it, and it never throws. */
  keep(tab: string, work: IUnsaved): void {
    this._then(tab, async again => {
      try {
        await this._put(tab, work);
      } catch (error) {
        if (isPassing(error)) {
          again(() => {
            this.keep(tab, work);
          });
        } else if (error instanceof Refused && this._told !== error.message) {
          this._told = error.message;
          this._refused.emit(error);
        }
      }
    });
  }

  /** The work of a tab is saved, or thrown away. */
  forget(tab: string): void {
    this._then(tab, async again => {
      const mirror = await this._mirrors.of(tab);
      if (this._api === null || mirror === null) {
        return;
      }
      // Else what is not wanted any more would come back, should the page go before the answer.
      await this._mirrors.note(tab, { ...mirror, gone: true });
      try {
        await deleteDrawing(this._api, mirror.key, mirror.revision);
      } catch (error) {
        if (isPassing(error)) {
          again(() => {
            this.forget(tab);
          });
          return;
        }
        // What somebody else made of it since stays.
      }
      await this._mirrors.remove(tab);
    });
  }

  private async _put(tab: string, work: IUnsaved): Promise<void> {
    const mirror = await this._mirrors.of(tab);
    if (this._api === null || (mirror?.time === work.time && mirror.gone !== true)) {
      // Put again, it would be news to whoever draws it elsewhere.
      return;
    }
    let key = mirror?.key ?? this.keyOf(tab);
    let revision = await this._tried(this._api, key, work, mirror?.revision ?? null);
    const ours = revision === null ? await this._ours(this._api, key) : null;
    if (ours !== null) {
      revision = await this._tried(this._api, key, work, ours);
    }
    if (revision === null) {
      key = UUID.uuid4();
      ({ revision } = await putDrawing(this._api, key, work, null));
    }
    this._unanswered.clear();
    this._told = null;
    await this._note(tab, { key, revision, time: work.time });
  }

  /** Put it over what was seen, and return its revision; null, it was changed elsewhere. */
  private async _tried(
    api: IApi,
    key: string,
    work: IUnsaved,
    seen: string | null
  ): Promise<string | null> {
    try {
      return (await putDrawing(api, key, work, seen)).revision;
    } catch (error) {
      if (error instanceof Refused && error.status === 409) {
        return null;
      }
      this._unanswered.add(work.time);
      throw error;
    }
  }

  /** The revision of what is there, where it is ours and only the answer was lost. */
  private async _ours(api: IApi, key: string): Promise<string | null> {
    if (this._unanswered.size === 0) {
      return null;
    }
    const { content, revision } = await getDrawing(api, key);
    return this._unanswered.has(asWork(content)?.time ?? '') ? revision : null;
  }

  /** What the server has under a key; null, nothing that is not known. */
  private async _at(
    key: string,
    mirror: IMirror | null
  ): Promise<{ work: IUnsaved; mirror: IMirror } | null> {
    if (this._api === null) {
      return null;
    }
    if (this._which.isAsked !== true) {
      // Listed first: most tabs have nothing there, and to ask for what is not there is a fault.
      const found = (await listDrawings(this._api)).find(each => each.key === key);
      if (found === undefined || found.revision === mirror?.revision) {
        return null;
      }
    }
    const { content, revision } = await getDrawing(this._api, key);
    const work = revision === mirror?.revision ? null : asWork(content);
    return work === null ? null : { work, mirror: { key, revision, time: work.time } };
  }

  private async _note(tab: string, mirror: IMirror): Promise<void> {
    const isOther = mirror.key !== this.keyOf(tab);
    this._key = mirror.key;
    await this._mirrors.note(tab, mirror);
    if (isOther) {
      this._moved.emit();
    }
  }

  /**
   * One after the other: the second must know the revision that the first made.
   *
   * @param work - is given what tries something again later, unless more was done by then
   */
  private _then(tab: string, work: (again: (later: () => void) => void) => Promise<void>): void {
    window.clearTimeout(this._waiting.get(tab));
    const turn = (this._turns.get(tab) ?? 0) + 1;
    this._turns.set(tab, turn);
    const again = (later: () => void): void => {
      if (this._turns.get(tab) === turn) {
        this._waiting.set(tab, window.setTimeout(later, AGAIN_MS));
      }
    };
    this._last = this._last.then(async () => work(again)).catch(() => undefined);
  }

  private _last: Promise<void> = Promise.resolve();
  private _key: string | null;
  private readonly _mirrors: Mirrors;
  /** The times of what was put, and may have been kept or not. */
  private readonly _unanswered = new Set<string>();
  private readonly _waiting = new Map<string, number>();
  /** How often something was done of a tab. */
  private readonly _turns = new Map<string, number>();
  /** Why the last one was not kept; null, it was. */
  private _told: string | null = null;
  private readonly _refused = new Signal<this, Refused>(this);
  private readonly _moved = new Signal<this, void>(this);
}

/** Whether it may go well a little later: nobody answered, or somebody who cannot now. */
function isPassing(error: unknown): boolean {
  return !(error instanceof Refused) || error.status >= 500;
}

/** What the server has, as what a tab keeps; null, it is none. What of it is no origin is none. */
function asWork(content: object): IUnsaved | null {
  const { document, request, template, draft, saved, time } = content as Record<string, unknown>;
  if (typeof document !== 'object' || document === null || typeof time !== 'string') {
    return null;
  }
  return {
    document,
    request,
    template: isOrigin(template, 'name', 'string') ? originOfKept(template as IOrigin) : null,
    draft: isOrigin(draft, 'plan', 'number') ? (draft as IUnsaved['draft']) : null,
    ...(typeof saved === 'boolean' ? { saved } : {}),
    time
  };
}

function isOrigin(origin: unknown, name: string, type: string): boolean {
  const { [name]: value, revision } = (origin ?? {}) as Record<string, unknown>;
  return typeof value === type && typeof revision === 'string';
}
