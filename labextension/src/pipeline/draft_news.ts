/**
 * What was changed of stored drafts in their previews while their drawings were not there to hear it:
 * kept where the Lab keeps its state, until the drawing is seen, however often the page is reloaded.
 */

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

const NAMESPACE = 'pm-draft-news';

/** A draft had one revision, as its drawing knows it, and has another one now. */
export interface IDraftNews {
  readonly before: string;
  readonly after: string;
}

export class DraftNews {
  constructor(private readonly _state: IStateDB | null) {}

  /** Keep that a draft was changed; with what was kept of it before, where one goes on from there. */
  async keep(plan: number, { before, after }: IDraftNews): Promise<void> {
    const known = await this.of(plan);
    const first = known?.after === before ? known.before : before;
    await this._state?.save(`${NAMESPACE}:${plan}`, { before: first, after });
  }

  /** Null, there is none. */
  async of(plan: number): Promise<IDraftNews | null> {
    const found = (await this._state?.fetch(`${NAMESPACE}:${plan}`)) as
      ReadonlyPartialJSONObject | undefined;
    const { before, after } = found ?? {};
    return typeof before === 'string' && typeof after === 'string' ? { before, after } : null;
  }

  async forget(plan: number): Promise<void> {
    await this._state?.remove(`${NAMESPACE}:${plan}`);
  }
}
