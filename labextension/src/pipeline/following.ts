/** Keeps the states of a viewed plan true while it runs. */

import type { IDisposable } from '@lumino/disposable';

import { getPlanLevels, getPlanStatus } from '../api/plans';
import { Looking } from '../screen/looking';
import type { IApi, IChange, ILive, IPipelineModel } from '../tokens';
import { statesOf } from './states';

/** Changes within this time are asked for at once: 200 runs may end in the same second. */
const TOGETHER_MS = 150;

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
    }
  }

  /** Listen only while there is something to hear. */
  private readonly _viewed = (): void => {
    const plan = this._model.viewing?.plan.plan_id ?? null;
    const isAnother = plan !== this._plan;
    this._plan = plan;
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
    // What could not be asked now is asked with the next change.
    const [status, levels] = await Promise.all([
      getPlanStatus(this._api, plan).catch(() => null),
      getPlanLevels(this._api, plan).catch(() => [])
    ]);
    if (status !== null && this._model.viewing?.plan.plan_id === plan) {
      this._model.setStates(statesOf(status.steps, levels), status.status);
    }
  }

  private readonly _looking: Looking;
  private _plan: number | null = null;
  private _hold: IDisposable | null = null;
  private _isDisposed = false;
}
