import { Signal } from '@lumino/signaling';

import type { IChange, ILive, LiveMode } from '../src/tokens';

/** A connection that tells what a test says, and knows how many hold it. */
export class Told implements ILive {
  mode: LiveMode = 'live';
  readonly modeChanged: Signal<ILive, LiveMode> = new Signal<ILive, LiveMode>(this);
  readonly changed: Signal<ILive, readonly IChange[] | 'everything'> = new Signal<
    ILive,
    readonly IChange[] | 'everything'
  >(this);
  holders = 0;

  tell(changes: readonly IChange[]): void {
    this.changed.emit(changes);
  }

  hold(): { dispose: () => void; isDisposed: boolean } {
    this.holders++;
    return { isDisposed: false, dispose: () => this.holders-- };
  }
}
