/** A plan whose pipeline is looked at instead of the draft, with the states of its runs. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPlanDetails } from '../api/drafts';
import { getPlanDetails } from '../api/drafts';
import type { IApi, StepStates } from '../tokens';
import type { ICatalogue } from './catalogue';
import type { IPipeline } from './document';
import { placeMissing } from './drawing';
import { readPipeline } from './reading';
import { pinned, statesOf } from './states';

/** What is looked at. */
export interface IViewing {
  readonly plan: IPlanDetails;
  readonly document: IPipeline;
}

export class Viewed {
  constructor(
    private readonly _options: {
      readonly api: IApi;
      readonly catalogue: ICatalogue;
      readonly trans: TranslationBundle;
    }
  ) {}

  /** Null, the draft is looked at. */
  get viewing(): IViewing | null {
    return this._viewing;
  }

  /** Of the runs, by step. */
  get states(): StepStates {
    return this._states;
  }

  /** All that were looked at, or were when this drawing was last open. */
  readonly seen = new Set<number>();

  /** Look at a plan; false where something else was asked for meanwhile. */
  async look(plan: number): Promise<boolean> {
    const asked = ++this._asked;
    const { api, catalogue, trans } = this._options;
    const found = await getPlanDetails(api, plan);
    if (asked !== this._asked) {
      return false;
    }
    const reading = readPipeline(found.document, trans);
    for (const { method, version } of found.steps) {
      catalogue.ensure(method, version);
    }
    const document = placeMissing(pinned(reading.document, found.steps), catalogue);
    this._viewing = { plan: found, document };
    this._states = statesOf(found.steps);
    this.seen.add(plan);
    return true;
  }

  /** Look at the draft again. */
  leave(): void {
    this._asked++;
    this._viewing = null;
    this._states = new Map();
  }

  /** The runs have come this far. */
  note(states: StepStates, status?: IPlanDetails['status']): void {
    this._states = states;
    if (this._viewing !== null && status !== undefined) {
      this._viewing = { ...this._viewing, plan: { ...this._viewing.plan, status } };
    }
  }

  private _viewing: IViewing | null = null;
  private _states: StepStates = new Map();
  private _asked = 0;
}
