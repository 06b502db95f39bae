/** What the server says of the draft: problems, and how much would run. Asked a moment after edits. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IPreview } from '../api/drafts';
import { previewPipeline } from '../api/drafts';
import type { IApi } from '../tokens';
import type { IDraft } from './document';
import { writePipeline } from './writing';

/** Long enough that typing is not interrupted by questions. */
const DELAY_MS = 400;

export class Check {
  constructor(private readonly _api: IApi) {}

  /** The last answer, also while the next one is waited for. */
  preview: IPreview | null = null;

  /** Why the server could not say; null, it could. */
  error: unknown = null;

  /** Emits when an answer arrived, or what was asked changed. */
  get changed(): ISignal<Check, void> {
    return this._changed;
  }

  /** Whether `preview` is about what is drawn now. */
  get isCurrent(): boolean {
    return !this._isWaiting;
  }

  /** Ask about this draft, soon. What differs in the drawing alone is not asked again. */
  ask(draft: IDraft, { now = false } = {}): void {
    const { document, request } = draft;
    if (!now && this._asked?.steps === document.steps && this._asked.request === request) {
      return;
    }
    this._asked = { steps: document.steps, request };
    this._isWaiting = true;
    window.clearTimeout(this._timer);
    this._abort?.abort();
    if (document.steps.size === 0) {
      this._answer(null, null);
      return;
    }
    this._timer = window.setTimeout(() => void this._send(draft), now ? 0 : DELAY_MS);
    this._changed.emit();
  }

  dispose(): void {
    window.clearTimeout(this._timer);
    this._abort?.abort();
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private async _send({ document, request }: IDraft): Promise<void> {
    const abort = (this._abort = new AbortController());
    try {
      const found = await previewPipeline(
        this._api,
        writePipeline(document),
        request,
        abort.signal
      );
      if (!abort.signal.aborted) {
        this._answer(found, null);
      }
    } catch (error) {
      if (!abort.signal.aborted) {
        this._answer(this.preview, error);
      }
    }
  }

  private _answer(preview: IPreview | null, error: unknown): void {
    if (!this._isDisposed) {
      this.preview = preview;
      this.error = error;
      this._isWaiting = false;
      this._changed.emit();
    }
  }

  private _asked: { steps: unknown; request: unknown } | null = null;
  private _isWaiting = false;
  private _isDisposed = false;
  private _timer = 0;
  private _abort: AbortController | null = null;
  private readonly _changed = new Signal<Check, void>(this);
}
