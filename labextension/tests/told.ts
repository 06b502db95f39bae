import { Signal } from '@lumino/signaling';

import type { IChange, ILive } from '../src/tokens';

/** A connection that tells what a test says, and knows how many hold it. */
export class Told implements ILive {
  readonly mode = 'live';
  readonly modeChanged: Signal<ILive, 'live'> = new Signal<ILive, 'live'>(this);
  readonly changed: Signal<ILive, readonly IChange[] | 'everything'> = new Signal<
    ILive,
    readonly IChange[] | 'everything'
  >(this);
  holders = 0;

  hold(): { dispose: () => void; isDisposed: boolean } {
    this.holders++;
    return { isDisposed: false, dispose: () => this.holders-- };
  }
}
