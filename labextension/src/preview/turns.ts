/** What a draft's preview asks of the server, one after the other, and what went wrong of it. */

/** What the server is waited for. */
export type Doing = 'looking' | 'saving' | 'submitting' | 'other';

export class Turns {
  /** @param _changed - called when any of what is told here is another */
  constructor(private readonly _changed: () => void) {}

  /** What went wrong last. */
  get error(): unknown {
    return this._error;
  }

  /** Whether the server is waited for, be it for another look only. */
  get busy(): boolean {
    return this._waiting > 0;
  }

  /** Whether what would run is being changed or submitted. */
  get isChanging(): boolean {
    return this._changes > 0;
  }

  /** What is being done; null, nothing. */
  get doing(): Doing | null {
    return this.busy ? this._doing : null;
  }

  /** From now on this is what is done. */
  does(what: Doing): void {
    this._doing = what;
    this._changed();
  }

  /** Do what changes what would run; as `take`. */
  async change(work: () => Promise<void>): Promise<boolean> {
    this._changes++;
    try {
      return await this.take(work);
    } finally {
      this._changes--;
      this._changed();
    }
  }

  /** Do something when all that was asked for before is done; returns whether it went well. */
  async take(work: () => Promise<void>): Promise<boolean> {
    let isDone = true;
    this._waiting++;
    this._error = null;
    this._changed();
    // One after the other: each change sends the revision that the one before it left.
    const turn = this._queue
      .then(() => {
        this._doing = 'other';
        return work();
      })
      .catch((error: unknown) => {
        isDone = false;
        this._error = error;
      });
    this._queue = turn;
    await turn;
    this._waiting--;
    this._changed();
    return isDone;
  }

  private _error: unknown = null;
  private _waiting = 0;
  private _changes = 0;
  private _doing: Doing = 'other';
  private _queue: Promise<void> = Promise.resolve();
}
