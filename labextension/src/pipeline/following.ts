/** Keeps the states of a viewed plan true while it runs. */

import type { IDisposable } from '@lumino/disposable';

import type { StepLevels } from '../api/plans';
import { getPlanLevels, getPlanStatus } from '../api/plans';
import { Looking } from '../screen/looking';
import type { IApi, IChange, ILive, IPipelineModel } from '../tokens';
import { statesOf } from './states';

/** Changes within this time are asked for at once: 200 runs may end in the same second. */
const TOGETHER_MS = 150;

/** After a look that failed the next one comes so much later, and twice as late each time. */
const AGAIN = { first: 5_000, most: 60_000 };

export class Following implements IDisposable {
  constructor(
    private readonly _model: IPipelineModel,
    private readonly _live: ILive,
    private readonly _api: IApi
  ) {
    this._looking = new Looking(() => this._look(), TOGETHER_MS, 0);
    _model.changed.connect(this._viewed);
    _live.changed.connect(this._heard);
    this._viewed();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._model.changed.disconnect(this._viewed);
      this._live.changed.disconnect(this._heard);
      this._hold?.dispose();
      this._looking.dispose();
      window.clearTimeout(this._timer);
    }
  }

  /** Listen only while there is something to hear. */
  private readonly _viewed = (): void => {
    const plan = this._model.viewing?.plan.plan_id ?? null;
    const isAnother = plan !== this._plan;
    this._plan = plan;
    if (isAnother) {
      this._levels = [];
      this._pause = AGAIN.first;
      window.clearTimeout(this._timer);
    }
    if (plan === null) {
      this._hold?.dispose();
      this._hold = null;
    } else if (isAnother) {
      this._hold ??= this._live.hold();
      // The plan as it was opened says nothing of its logs.
      this._looking.ask();
    }
  };

  private readonly _heard = (_: unknown, changes: readonly IChange[] | 'everything'): void => {
    const plan = this._model.viewing?.plan.plan_id;
    const concerns = (each: IChange): boolean =>
      each.plan === plan || (each.kind === 'plan' && each.id === plan);
    if (plan !== undefined && (changes === 'everything' || changes.some(concerns))) {
      this._looking.ask();
    }
  };

  private async _look(): Promise<void> {
    const plan = this._model.viewing?.plan.plan_id;
    if (plan === undefined || this._isDisposed) {
      return;
    }
    const [status, levels] = await Promise.all([
      getPlanStatus(this._api, plan).catch(() => null),
      getPlanLevels(this._api, plan).catch(() => null)
    ]);
    if (this.isDisposed || this._model.viewing?.plan.plan_id !== plan) {
      return;
    }
    this._levels = levels ?? this._levels;
    if (status !== null) {
      this._model.setStates(statesOf(status.steps, this._levels), status.status);
    }
    window.clearTimeout(this._timer);
    if (status === null || levels === null) {
      // The change that was missed may have been the last one.
      this._timer = window.setTimeout(() => {
        this._looking.ask();
      }, this._pause);
      this._pause = Math.min(2 * this._pause, AGAIN.most);
    } else {
      this._pause = AGAIN.first;
    }
  }

  private readonly _looking: Looking;
  private _plan: number | null = null;
  /** The last that are known. */
  private _levels: readonly StepLevels[] = [];
  private _timer = 0;
  private _pause = AGAIN.first;
  private _hold: IDisposable | null = null;
  private _isDisposed = false;
}
