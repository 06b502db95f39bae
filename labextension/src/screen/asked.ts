/** Something that was asked of the server: the last answer, and whether a newer one is on its way. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import React from 'react';

export type AskedState<T> =
  | { kind: 'loading' }
  /** `trouble`: asking again failed; what is shown is the answer before. */
  | { kind: 'ready'; value: T; trouble: unknown }
  | { kind: 'failed'; error: unknown };

/** What a component can be drawn from again whenever it changes. */
export interface IModel {
  readonly changed: ISignal<unknown, void>;
  /** Another number after each change. */
  readonly version: number;
}

/** A model with a signal and a number. */
export class Model implements IModel {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get version(): number {
    return this._version;
  }

  protected tell(): void {
    this._version++;
    this._changed.emit();
  }

  private _version = 0;
  private readonly _changed = new Signal<this, void>(this);
}

export class Asked<T> extends Model {
  constructor(private readonly _ask: () => Promise<T>) {
    super();
  }

  get state(): AskedState<T> {
    return this._state;
  }

  /** The last answer. */
  get value(): T | undefined {
    return this._state.kind === 'ready' ? this._state.value : undefined;
  }

  /** Whether an answer is being waited for; the one before stays meanwhile. */
  get busy(): boolean {
    return this._asked > this._answered;
  }

  /** Ask. Never throws: what went wrong becomes the state. */
  readonly refresh = async (): Promise<void> => {
    const asked = ++this._asked;
    this.tell();
    let state: AskedState<T>;
    try {
      state = { kind: 'ready', value: await this._ask(), trouble: null };
    } catch (error) {
      const before = this._state;
      state = before.kind === 'ready' ? { ...before, trouble: error } : { kind: 'failed', error };
    }
    // An older answer that arrives late must not replace a newer one.
    if (asked > this._answered) {
      this._answered = asked;
      this._state = state;
      this.tell();
    }
  };

  private _state: AskedState<T> = { kind: 'loading' };
  private _asked = 0;
  private _answered = 0;
}

/** Draw again whenever the model changes. */
export function useModel(model: IModel): void {
  const subscribe = React.useCallback(
    (draw: () => void) => {
      model.changed.connect(draw);
      return () => {
        model.changed.disconnect(draw);
      };
    },
    [model]
  );
  React.useSyncExternalStore(subscribe, () => model.version);
}

/** Ask when first drawn, and draw again with each answer. `ask` must stay the same one. */
export function useAsked<T>(ask: () => Promise<T>): Asked<T> {
  const asked = React.useMemo(() => new Asked(ask), [ask]);
  useModel(asked);
  React.useEffect(() => {
    void asked.refresh();
  }, [asked]);
  return asked;
}
