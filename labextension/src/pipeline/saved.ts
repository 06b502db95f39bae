/** The saved pipeline that a drawing is: what was seen of it, and what others made of it since. */

import { contentHash } from '../api/drafts';
import { Refused } from '../api/errors';
import type { ITemplate } from '../api/templates';
import { getTemplate, putTemplate } from '../api/templates';
import type { IApi } from '../tokens';
import { conflictOf } from './conflict';
import type { IPipeline } from './document';
import { EMPTY_PIPELINE } from './document';
import type { IOrigin } from './unsaved';
import { againNote, earlierOf, isAsNewest } from './versions';
import { writePipeline } from './writing';

export class Saved {
  constructor(private readonly _api: IApi) {}

  /** Its name and the revision that was seen; null, it is saved under no name. */
  get origin(): IOrigin | null {
    return this._origin;
  }

  set origin(origin: IOrigin | null) {
    this._origin = origin;
    this._theirs = null;
    this._ignored = null;
  }

  /** The snapshot that is saved; null, it is none of those that there are. */
  document: IPipeline | null = EMPTY_PIPELINE;

  /** Whether a snapshot is what is saved now, as far as is known: theirs may have taken its place. */
  has(document: IPipeline): boolean {
    return document === this.document && this._theirs !== 'deleted' && this._ignored === null;
  }

  /**
   * Whether a snapshot would run the same as the newest version, which is not what it was made from: of
   * equal content no version is kept, so that saving it replaces how the newest is drawn.
   */
  async isAsNewest(document: IPipeline): Promise<boolean> {
    const { origin } = this;
    const newest = earlierOf(origin)?.newest_hash;
    if (document === this.document || newest === undefined) {
      return isAsNewest(origin);
    }
    return (await contentHash(this._api, writePipeline(document))) === newest;
  }

  /** What somebody else saved since; `deleted`, it is gone; null, it is as it was seen. */
  get theirs(): ITemplate | 'deleted' | null {
    return this._theirs;
  }

  /**
   * Save a snapshot under a name. Throws a `TemplateConflict` where somebody else did meanwhile.
   *
   * @param expected - the revision that is replaced; asked in its turn, for the snapshot before this
   *   one may still be on its way, and makes another
   */
  async put(name: string, document: IPipeline, expected: () => string | null): Promise<void> {
    const after = this._putting
      .catch(() => undefined)
      .then(() => this._put(name, document, expected()));
    this._putting = after;
    return after;
  }

  private async _put(name: string, document: IPipeline, expected: string | null): Promise<void> {
    try {
      const note = this._againNote(name, document);
      const saved = await putTemplate(this._api, name, writePipeline(document), expected, note);
      this.origin = originOf(saved);
      this.document = document;
    } catch (error) {
      throw await conflictOf(this._api, error, name, expected);
    }
  }

  /** What is said of an earlier version that is saved as it was. */
  private _againNote(name: string, document: IPipeline): string | undefined {
    const { origin } = this;
    const earlier = earlierOf(origin);
    // Where it makes no version, the newest one keeps what is said of it.
    const isAgain = origin?.name === name && document === this.document && !isAsNewest(origin);
    return isAgain && earlier !== null ? againNote(earlier.version) : undefined;
  }

  /** Ask whether somebody else saved meanwhile; returns whether `theirs` is another now. */
  async look(): Promise<boolean> {
    // What is being saved here is not theirs.
    const putting = this._putting;
    await putting.catch(() => undefined);
    const seen = this._origin;
    if (seen === null) {
      return false;
    }
    const before = this._theirs;
    const found = await getTemplate(this._api, seen.name).catch((error: unknown) => {
      if (error instanceof Refused && error.status === 404) {
        return 'deleted' as const;
      }
      throw error;
    });
    if (this._putting !== putting) {
      return this.look();
    }
    // Opened or renamed here meanwhile: the answer is about what was.
    if (this._origin === seen) {
      const revision = found === 'deleted' ? found : found.revision;
      const isNews = revision !== seen.revision && revision !== this._ignored;
      this._theirs = isNews ? found : null;
    }
    return this._theirs !== before;
  }

  /** Go on with what is drawn here; what is saved next is asked about all the same. */
  ignoreTheirs(): void {
    const { theirs } = this;
    this._ignored = theirs === null || theirs === 'deleted' ? theirs : theirs.revision;
    const origin = this._origin;
    if (theirs !== null && theirs !== 'deleted' && origin?.version !== undefined) {
      // What is drawn is the newest no more. The revision stays what was seen: saving asks.
      const { version: newest, content_hash: newest_hash } = theirs;
      this._origin = { ...origin, version: { ...origin.version, newest, newest_hash } };
    }
    this._theirs = null;
  }

  private _putting: Promise<void> = Promise.resolve();
  private _origin: IOrigin | null = null;
  private _theirs: ITemplate | 'deleted' | null = null;
  private _ignored: string | null = null;
}

/** What is remembered of a saved pipeline that is drawn in its newest version. */
export function originOf(template: ITemplate): IOrigin {
  const { name, revision, version, content_hash } = template;
  return { name, revision, version: { version, content_hash, newest: version } };
}
