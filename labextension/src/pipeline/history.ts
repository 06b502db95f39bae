/** Snapshots with the names of what led from one to the next. */

import type { IDraft } from './document';

/** More steps back than this nobody goes; older ones are forgotten. */
const LIMIT = 500;

/** Edits with the same key that follow within this time are one: typing, nudging. */
const MERGE_MS = 1500;

interface IEntry {
  readonly name: string;
  readonly draft: IDraft;
}

export class History {
  constructor(start: IDraft) {
    this._entries = [{ name: '', draft: start }];
  }

  get current(): IDraft {
    return this._entry(this._at).draft;
  }

  /** What undo would take back; null, nothing. */
  get undoName(): string | null {
    return this._at > 0 ? this._entry(this._at).name : null;
  }

  /** What redo would do again; null, nothing. */
  get redoName(): string | null {
    return this._at + 1 < this._entries.length ? this._entry(this._at + 1).name : null;
  }

  commit(name: string, draft: IDraft, merge?: string): void {
    const now = Date.now();
    const joins = merge !== undefined && merge === this._merge && now - this._time < MERGE_MS;
    this._entries.length = this._at + 1;
    if (joins && this._at > 0) {
      this._entries[this._at] = { name, draft };
    } else {
      this._entries.push({ name, draft });
      this._entries.splice(0, this._entries.length - LIMIT);
      this._at = this._entries.length - 1;
    }
    this._merge = merge;
    this._time = now;
  }

  undo(): void {
    this._at = Math.max(0, this._at - 1);
    this._merge = undefined;
  }

  redo(): void {
    this._at = Math.min(this._entries.length - 1, this._at + 1);
    this._merge = undefined;
  }

  private _entry(at: number): IEntry {
    const entry = this._entries[at];
    if (entry === undefined) {
      throw new RangeError(`No snapshot ${at} of ${this._entries.length}.`);
    }
    return entry;
  }

  private readonly _entries: IEntry[];
  private _at = 0;
  private _merge: string | undefined;
  private _time = 0;
}
