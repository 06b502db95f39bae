/** A few at a time: a browser has six connections to a server, and other screens need them, too. */

export class Few {
  /** @param _most - how much is done at once */
  constructor(private readonly _most: number) {}

  /**
   * Do something when there is room for it.
   *
   * @param isWanted - asked when its turn comes: what nobody wants any more is not done
   * @throws NotWanted, and what `work` throws
   */
  async take<T>(work: () => Promise<T>, isWanted: () => boolean): Promise<T> {
    if (this._going < this._most) {
      this._going++;
    } else {
      // Whoever ends hands its place on.
      await new Promise<void>(resolve => this._waiting.push(resolve));
    }
    try {
      if (!isWanted()) {
        throw new NotWanted();
      }
      return await work();
    } finally {
      const next = this._waiting.shift();
      if (next === undefined) {
        this._going--;
      } else {
        next();
      }
    }
  }

  private _going = 0;
  private readonly _waiting: (() => void)[] = [];
}

export class NotWanted extends Error {}
