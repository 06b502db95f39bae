/** A canvas that is moved down and up on the page, as by lines of the bar above it, and what is drawn that stays. */

/** What is at the canvas while it is moved: a hand, something open that goes with it, or nothing. */
export type Holding = 'hand' | 'field' | 'nothing';

export class Lowering {
  /** Something is pressed: what moves the canvas from now on moves it under that hand. */
  pressed(top: number): void {
    this._top = top;
  }

  /**
   * The upper edge of the canvas lies there on the page now.
   *
   * What is drawn stays where it is under a hand: it would else be dragged, and a second click would miss it. What
   * it went up for that it goes down again when the canvas goes back, whoever has it go back: it would else creep
   * away with each opening of a panel.
   *
   * @returns pixels that what is drawn goes up on the canvas; less than 0, down
   */
  moved(top: number, holding: Holding): number {
    const down = top - this._top;
    this._top = top;
    if (holding === 'field') {
      // It goes with the canvas, and so must what it is about.
      return 0;
    }
    const up =
      holding === 'hand'
        ? down
        : Math.min(Math.max(0, down), Math.max(Math.min(0, down), -this._up));
    this._up += up;
    return up;
  }

  private _top = 0;
  /** So far what is drawn has gone up under hands, and not down again. */
  private _up = 0;
}
