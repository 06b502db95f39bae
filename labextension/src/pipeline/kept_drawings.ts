/**
 * Unsaved work at the server: there for another browser, and for this one with nothing remembered.
 *
 * Two that go on from one drawing do not write over each other: what the server refuses because it
 * was changed elsewhere is kept under a key of its own.
 */

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { UUID } from '@lumino/coreutils';

import { deleteDrawing, getDrawing, listDrawings, putDrawing } from '../api/drawings';
import { Refused } from '../api/errors';
import type { IApi } from '../tokens';
import type { IUnsaved } from './unsaved';

const NAMESPACE = 'pm-drawings';
/** What did not get through, for the server was away, is tried again so much later. */
const AGAIN_MS = 15_000;

/** What of a tab's work the server is known to have. */
interface IMirror {
  readonly key: string;
  readonly revision: string;
  /** The time of the work that it is. */
  readonly time: string;
}

export class KeptDrawings {
  constructor(
    private readonly _api: IApi | null,
    private readonly _state: IStateDB | null
  ) {}

  /**
   * The work of a tab, here or at the server, whichever is newer.
   *
   * @param here - what the Lab's state has of it; null, nothing
   */
  async newer(tab: string, here: IUnsaved | null): Promise<IUnsaved | null> {
    const mirror = await this._mirrorOf(tab);
    const there = await this._at(mirror?.key ?? tab, mirror).catch(() => null);
    if (there === null || (here !== null && mirror?.time !== here.time)) {
      // Where both went on, what is here is shown, and kept beside theirs.
      return here;
    }
    await this._note(tab, there.mirror);
    return there.work;
  }

  /** Keep the work of a tab at the server; nobody waits for it, and it never throws. */
  keep(tab: string, work: IUnsaved): void {
    this._then(tab, async () => {
      try {
        await this._put(tab, work);
      } catch (error) {
        if (!(error instanceof Refused)) {
          this._later(tab, work);
        }
      }
    });
  }

  /** The work of a tab is saved, or thrown away. */
  forget(tab: string): void {
    this._then(tab, async () => {
      const mirror = await this._mirrorOf(tab);
      if (this._api !== null && mirror !== null) {
        this._mirrors.delete(tab);
        await this._state?.remove(`${NAMESPACE}:${tab}`);
        // What somebody else made of it since stays.
        await deleteDrawing(this._api, mirror.key, mirror.revision).catch(() => undefined);
      }
    });
  }

  private async _put(tab: string, work: IUnsaved): Promise<void> {
    if (this._api === null) {
      return;
    }
    const mirror = await this._mirrorOf(tab);
    let key = mirror?.key ?? tab;
    let revision: string;
    try {
      ({ revision } = await putDrawing(this._api, key, work, mirror?.revision ?? null));
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 409) {
        throw error;
      }
      key = UUID.uuid4();
      ({ revision } = await putDrawing(this._api, key, work, null));
    }
    await this._note(tab, { key, revision, time: work.time });
  }

  /** What the server has under a key; null, nothing that is not known. */
  private async _at(
    key: string,
    mirror: IMirror | null
  ): Promise<{ work: IUnsaved; mirror: IMirror } | null> {
    // Listed first: most tabs have nothing there, and to ask for what is not there is a fault.
    const found =
      this._api === null
        ? undefined
        : (await listDrawings(this._api)).find(each => each.key === key);
    if (this._api === null || found === undefined || found.revision === mirror?.revision) {
      return null;
    }
    const { content, revision } = await getDrawing(this._api, key);
    const work = content as unknown as IUnsaved;
    return typeof work.document === 'object' && typeof work.time === 'string'
      ? { work, mirror: { key, revision, time: work.time } }
      : null;
  }

  private async _mirrorOf(tab: string): Promise<IMirror | null> {
    const found = (await this._state?.fetch(`${NAMESPACE}:${tab}`)) as
      ReadonlyPartialJSONObject | undefined;
    return (found as unknown as IMirror | undefined) ?? this._mirrors.get(tab) ?? null;
  }

  private async _note(tab: string, mirror: IMirror): Promise<void> {
    this._mirrors.set(tab, mirror);
    await this._state?.save(`${NAMESPACE}:${tab}`, { ...mirror });
  }

  /** One after the other: the second must know the revision that the first made. */
  private _then(tab: string, work: () => Promise<void>): void {
    window.clearTimeout(this._waiting.get(tab));
    this._last = this._last.then(work).catch(() => undefined);
  }

  private _later(tab: string, work: IUnsaved): void {
    window.clearTimeout(this._waiting.get(tab));
    this._waiting.set(
      tab,
      window.setTimeout(() => {
        this.keep(tab, work);
      }, AGAIN_MS)
    );
  }

  private _last: Promise<void> = Promise.resolve();
  /** Where there is no state that keeps them. */
  private readonly _mirrors = new Map<string, IMirror>();
  private readonly _waiting = new Map<string, number>();
}
