/** The list of plans as the server last told it. */

import { VDomModel } from '@jupyterlab/ui-components';

import type { IMarks } from '../api/marks';
import { NotReady } from '../api/errors';
import type { Plan } from '../api/plans';
import { listPlans } from '../api/plans';
import type { IApi } from '../tokens';

export type PlansState =
  | { kind: 'loading' }
  | { kind: 'listed'; plans: readonly Plan[]; marks: IMarks }
  | { kind: 'failed'; error: unknown };

export class PlansModel extends VDomModel {
  constructor(private readonly _api: IApi) {
    super();
  }

  get state(): PlansState {
    return this._state;
  }

  /** Whether an answer is being waited for; what was listed before stays on screen meanwhile. */
  get busy(): boolean {
    return this._asked > this._answered;
  }

  /** Ask the server. Never throws: what went wrong becomes the state. */
  async refresh(): Promise<void> {
    const asked = ++this._asked;
    this.stateChanged.emit();
    const state = await this._listed();
    // An older answer that arrives late must not replace a newer one.
    if (asked > this._answered && !this.isDisposed) {
      this._answered = asked;
      this._state = state;
      this.stateChanged.emit();
    }
  }

  private async _listed(): Promise<PlansState> {
    try {
      const status = await this._api.status();
      if (status.problem !== null) {
        const lacking = status.workspace === null ? 'workspace' : 'database';
        return { kind: 'failed', error: new NotReady(lacking, status.problem) };
      }
      return { kind: 'listed', plans: await listPlans(this._api), marks: status.marks };
    } catch (error) {
      return { kind: 'failed', error };
    }
  }

  private _state: PlansState = { kind: 'loading' };
  private _asked = 0;
  private _answered = 0;
}
