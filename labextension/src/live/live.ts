/** What changes in the workspace: heard over one connection, asked for politely where there is none. */

import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IChange, ILive, LiveMode } from '../tokens';

/** Milliseconds between two looks while there is no connection; more after each failure. */
const POLITE = { interval: 5_000, backoff: true, max: 60_000 };

export class Live implements ILive {
  constructor() {
    this._poll = new Poll({
      auto: false,
      factory: () => {
        this._changed.emit('everything');
        return Promise.resolve();
      },
      frequency: POLITE,
      name: 'research-process-manager:live',
      standby: () => (this._holders === 0 ? true : 'when-hidden')
    });
  }

  get mode(): LiveMode {
    return this._mode;
  }

  get modeChanged(): ISignal<this, LiveMode> {
    return this._modeChanged;
  }

  get changed(): ISignal<this, readonly IChange[] | 'everything'> {
    return this._changed;
  }

  hold(): IDisposable {
    if (++this._holders === 1) {
      this._setMode('polling');
      void this._poll.start();
    }
    return new DisposableDelegate(() => {
      if (--this._holders === 0) {
        this._setMode('off');
        void this._poll.stop();
      }
    });
  }

  private _setMode(mode: LiveMode): void {
    if (mode !== this._mode) {
      this._mode = mode;
      this._modeChanged.emit(mode);
    }
  }

  private _mode: LiveMode = 'off';
  private _holders = 0;
  private readonly _poll: Poll;
  private readonly _modeChanged = new Signal<this, LiveMode>(this);
  private readonly _changed = new Signal<this, readonly IChange[] | 'everything'>(this);
}
