/** The log of a run: its lines as far as they are known, growing while the run writes. */

import { Poll } from '@lumino/polling';

import type { LogEntries, LogEntry, LogPiece } from '../api/logs';
import { readEntries, readLog } from '../api/logs';
import { Model } from '../screen/asked';
import type { IApi, ILive } from '../tokens';

/** Bytes of one request. */
const PIECE = 1 << 20;
/** Logs up to this size are read whole at once; of larger ones first the end. */
const AT_ONCE = 16 * PIECE;
/** Milliseconds between two looks at a log that grows, where nobody tells that it does. */
const GROWING = { interval: 1_000, backoff: true, max: 10_000 };
/** Entries of one answer. */
const ENTRIES = 5_000;
/** Milliseconds between two looks for warnings in a large log that grows: the server reads it for them. */
const SELDOM = 10_000;
/** Milliseconds from one look to the next where the server tells: it may lose a log from its sight. */
const TOLD = 10_000;

export class RunLog extends Model {
  constructor(
    private readonly _api: IApi,
    readonly run: number,
    private readonly _seen: () => boolean = () => true,
    private readonly _live: Pick<ILive, 'mode'> | null = null
  ) {
    super();
    this._poll = new Poll({
      auto: false,
      factory: () => this._inTurn(() => this._more()),
      frequency: GROWING,
      name: `research-process-manager:log-${run}`,
      standby: () => !this._seen() || (this._isTold && Date.now() - this._lookedAt < TOLD)
    });
  }

  /** The lines; the last one may still grow. */
  get lines(): readonly string[] {
    return this._lines;
  }

  /** Warnings, errors and tracebacks; lines count from 1, the first one that is known. */
  get entries(): readonly LogEntry[] {
    return this._entries;
  }

  /** Bytes before the first line that is known. */
  get before(): number {
    return this._before;
  }

  /** Lines before the first one that is known. */
  get linesBefore(): number {
    return this._linesBefore;
  }

  get size(): number {
    return this._size;
  }

  /** Whether nothing more will come. */
  get complete(): boolean {
    return this._complete;
  }

  /** Whether the text is the log itself, or what the database has of it. */
  get source(): LogPiece['source'] {
    return this._source;
  }

  get loaded(): boolean {
    return this._loaded;
  }

  /** Why the last look failed. */
  get error(): unknown {
    return this._error;
  }

  /** Read what is there, and go on while the run writes. */
  readonly start = async (): Promise<void> => {
    await this._attempt(async () => {
      const end = await readLog(this._api, this.run, { tail: PIECE });
      if (end.offset === 0 || end.size > AT_ONCE) {
        this._forget();
        this._take(end);
      } else {
        await this._anew();
      }
      this._loaded = true;
      await this._readEntries();
    });
    this._goOn();
  };

  /** Read what lies before the first known line. */
  readonly loadAll = async (): Promise<void> => {
    this._wanted = 'all';
    await this._attempt(async () => {
      await this._anew();
      await this._readEntries();
    });
    this._goOn();
  };

  /** Do once more what failed. */
  readonly again = async (): Promise<void> => {
    await (this._wanted === 'all' ? this.loadAll() : this.start());
  };

  /** Look now: it has grown, or may have. */
  readonly look = async (): Promise<void> => {
    // Asked when its turn has come: what is being read may be the first of it, or the last.
    await this._attempt(
      () => this._more(),
      () => this._loaded && !this._complete
    );
  };

  dispose(): void {
    this._poll.dispose();
  }

  /** Whether the server says when it has grown. */
  private get _isTold(): boolean {
    return this._pushed && this._live?.mode === 'live';
  }

  private _forget(): void {
    this._lines = [''];
    this._entries = [];
    this._settled = 1;
    this._next = 0;
  }

  /** All of it once more; what is known stays until the first of it is there. */
  private async _anew(): Promise<void> {
    const first = await readLog(this._api, this.run, { offset: 0, limit: PIECE });
    this._forget();
    await this._onFrom(first);
  }

  private async _from(offset: number): Promise<void> {
    await this._onFrom(await readLog(this._api, this.run, { offset, limit: PIECE }));
  }

  private async _onFrom(first: LogPiece): Promise<void> {
    let piece = first;
    this._take(piece);
    while (piece.next_offset < piece.size && piece.next_offset > piece.offset) {
      this.tell();
      piece = await readLog(this._api, this.run, { offset: piece.next_offset, limit: PIECE });
      this._take(piece);
    }
  }

  private _take(piece: LogPiece): void {
    this._lookedAt = Date.now();
    if (this._lines.length === 1 && this._lines[0] === '') {
      this._before = piece.offset;
      this._linesBefore = piece.lines_before ?? 0;
    }
    const [first = '', ...rest] = piece.text.split('\n');
    const lines = [...this._lines];
    lines[lines.length - 1] = (lines[lines.length - 1] ?? '') + first;
    for (const line of rest) {
      lines.push(line);
    }
    this._lines = lines;
    this._next = piece.next_offset;
    this._size = piece.size;
    this._source = piece.source;
    this._pushed = piece.pushed;
    this._complete = piece.ended && piece.next_offset >= piece.size;
  }

  private async _more(): Promise<void> {
    const known = this._next;
    await this._from(this._next);
    this._error = null;
    this._due ||= this._next !== known;
    const isSoon = this._size > AT_ONCE && Date.now() - this._entriesAt < SELDOM;
    if (this._complete || (this._due && !isSoon)) {
      await this._readEntries();
    }
    this.tell();
    if (this._complete) {
      void this._poll.stop();
    }
  }

  /** All warnings and errors; of a log that grows, those from the last ones on. */
  private async _readEntries(): Promise<void> {
    const before = this._linesBefore;
    const found = this._entries.filter(entry => entry.line + before < this._settled);
    let from = this._settled;
    let after: number | null = Math.max(before, from - 1);
    while (after !== null) {
      const page: LogEntries = await readEntries(this._api, this.run, {
        level: 'WARNING',
        limit: ENTRIES,
        ...(after > 0 ? { after } : {}),
        ...(from > 1 ? { from } : {})
      });
      for (const entry of page.entries) {
        found.push({ ...entry, line: entry.line - before });
      }
      // A run that ended meanwhile is read from its record.
      from = page.from ?? 1;
      after = page.after;
    }
    this._entries = found;
    this._settled = from;
    this._due = false;
    this._entriesAt = Date.now();
  }

  /** Read when what is being read has arrived: two at once would add the same lines twice. */
  private _inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this._reading.then(work);
    this._reading = turn.catch(() => undefined);
    return turn;
  }

  private async _attempt(work: () => Promise<void>, isDue = (): boolean => true): Promise<void> {
    try {
      await this._inTurn(async () => {
        if (isDue()) {
          await work();
          this._error = null;
        }
      });
    } catch (error) {
      this._error = error;
    }
    this.tell();
  }

  private _goOn(): void {
    if (!this._complete && this._error === null && !this._poll.isDisposed) {
      void this._poll.start();
    }
  }

  private _lines: string[] = [''];
  private _entries: readonly LogEntry[] = [];
  /** The line from which on entries may still change or are not known. */
  private _settled = 1;
  /** Whether it has grown since entries were read, and when that was. */
  private _due = false;
  private _entriesAt = 0;
  private _before = 0;
  private _linesBefore = 0;
  private _next = 0;
  private _size = 0;
  private _complete = false;
  private _loaded = false;
  private _wanted: 'end' | 'all' = 'end';
  private _source: LogPiece['source'] = 'file';
  private _pushed = false;
  /** When the last answer came. */
  private _lookedAt = 0;
  private _error: unknown = null;
  /** Settles when nothing is being read; never fails. */
  private _reading: Promise<void> = Promise.resolve();
  private readonly _poll: Poll;
}

/** What a terminal would show of a line: what follows the last return of its carriage. */
export function shownLine(line: string): string {
  const whole = line.endsWith('\r') ? line.slice(0, -1) : line;
  return whole.slice(whole.lastIndexOf('\r') + 1);
}

/** Paths of code that the user did not write. */
const FOREIGN = /site-packages|dist-packages|\/lib\/python\d|<frozen|pm_kernel|<string>/;

/** The line to look at first in the last traceback: the user's own code; null, there is none. */
export function tracebackLine(
  lines: readonly string[],
  entries: readonly LogEntry[]
): number | null {
  const last = [...entries].reverse().find(entry => entry.message.includes('Traceback'));
  if (last === undefined) {
    return null;
  }
  const start = last.line - 1;
  let own: number | null = null;
  for (let at = start; at < start + last.message.split('\n').length; at++) {
    const line = lines[at] ?? '';
    if (/^\s+File "/.test(line) && !FOREIGN.test(line)) {
      own = at;
    }
  }
  return own ?? start;
}
