/** What changes in the workspace: heard over one connection, asked for politely where there is none. */

import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { withQuery } from '../api/answers';
import type { IApi, IChange, ILive, LiveMode } from '../tokens';

/** Milliseconds between two looks while nothing is heard; more after each failure. */
const POLITE = { interval: 5_000, backoff: true, max: 60_000 };
/** Milliseconds until the next try to connect, growing. */
const RETRY = { first: 500, most: 30_000 };
/** The server says that it is there every 15 seconds; twice that in silence, and it is gone. */
const SILENCE = 35_000;

type Message =
  | { type: 'hello'; stream: string; number: number; resumed: boolean; database: string }
  | { type: 'changes'; number: number; changes: readonly IChange[] }
  | { type: 'snapshot'; number: number; reason: string }
  | { type: 'database'; number: number; database: string }
  | { type: 'alive'; number: number };

export class Live implements ILive {
  constructor(private readonly _api: Pick<IApi, 'socket' | 'status'>) {
    this._poll = new Poll({
      auto: false,
      factory: () => {
        this._changed.emit('everything');
        return Promise.resolve();
      },
      frequency: POLITE,
      name: 'research-process-manager:live',
      standby: () => (this._mode === 'polling' ? 'when-hidden' : true)
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

  tell(changes: readonly IChange[]): void {
    this._changed.emit(changes);
  }

  hold(): IDisposable {
    if (++this._holders === 1) {
      clearTimeout(this._letGo);
      if (this._mode === 'off') {
        this._setMode('connecting');
        void this._connect();
      }
    }
    return new DisposableDelegate(() => {
      if (--this._holders === 0) {
        // A screen that closes while another opens does not cost a connection.
        this._letGo = setTimeout(() => {
          this._end();
        }, 2_000);
      }
    });
  }

  private async _connect(): Promise<void> {
    const turn = ++this._turn;
    try {
      // Where our half is missing there is nothing to connect to.
      await this._api.status(true);
    } catch {
      this._lost(turn);
      return;
    }
    if (turn !== this._turn || this._holders === 0) {
      return;
    }
    const known = this._stream === '' ? {} : { stream: this._stream, after: this._number };
    const socket = this._api.socket(withQuery('live', known));
    this._socket = socket;
    this._watch(turn);
    socket.onmessage = event => {
      this._watch(turn);
      this._read(JSON.parse(String(event.data)) as Message);
    };
    socket.onclose = () => {
      this._lost(turn);
    };
  }

  private _read(message: Message): void {
    this._number = message.number;
    switch (message.type) {
      case 'hello': {
        const { stream, resumed, database } = message;
        this._stream = stream;
        this._pause = RETRY.first;
        this._heard(database);
        if (!resumed) {
          this._changed.emit('everything');
        }
        break;
      }
      case 'changes':
        this._changed.emit(message.changes);
        break;
      case 'snapshot':
        this._changed.emit('everything');
        break;
      case 'database':
        this._heard(message.database);
        break;
      case 'alive':
        break;
    }
  }

  /** Whether changes are heard depends on the database as well. */
  private _heard(database: string): void {
    this._setMode(database === 'ready' ? 'live' : 'polling');
  }

  /** Connect again if nothing is heard for long. */
  private _watch(turn: number): void {
    clearTimeout(this._silence);
    this._silence = setTimeout(() => {
      this._drop();
      this._lost(turn);
    }, SILENCE);
  }

  private _lost(turn: number): void {
    if (turn !== this._turn || this._holders === 0) {
      return;
    }
    // What came late from this connection is not listened to any more.
    this._turn++;
    clearTimeout(this._silence);
    this._setMode('polling');
    this._retry = setTimeout(() => {
      void this._connect();
    }, this._pause);
    this._pause = Math.min(2 * this._pause, RETRY.most);
  }

  private _end(): void {
    if (this._holders > 0) {
      return;
    }
    this._turn++;
    clearTimeout(this._silence);
    clearTimeout(this._retry);
    this._drop();
    this._setMode('off');
  }

  private _drop(): void {
    const socket = this._socket;
    this._socket = null;
    if (socket !== null) {
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    }
  }

  private _setMode(mode: LiveMode): void {
    if (mode === this._mode) {
      return;
    }
    this._mode = mode;
    void (mode === 'polling' ? this._poll.start() : this._poll.stop());
    this._modeChanged.emit(mode);
  }

  private _mode: LiveMode = 'off';
  private _holders = 0;
  /** Counts connections, so that one that was given up is not listened to. */
  private _turn = 0;
  private _socket: WebSocket | null = null;
  private _stream = '';
  private _number = 0;
  private _pause = RETRY.first;
  private _retry: ReturnType<typeof setTimeout> | undefined;
  private _silence: ReturnType<typeof setTimeout> | undefined;
  private _letGo: ReturnType<typeof setTimeout> | undefined;
  private readonly _poll: Poll;
  private readonly _modeChanged = new Signal<this, LiveMode>(this);
  private readonly _changed = new Signal<this, readonly IChange[] | 'everything'>(this);
}
