/** Which unsaved drawing at the server the work of a tab is. */

import type { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

const NAMESPACE = 'pm-drawings';

/** What of a tab's work the server is known to have. */
export interface IMirror {
  readonly key: string;
  readonly revision: string;
  /** The time of the work that it is. */
  readonly time: string;
  /** It was saved or thrown away here, and the server does not know that yet. */
  readonly gone?: boolean;
}

/** Remembered where the Lab keeps its state; where there is none, as long as the tab is there. */
export class Mirrors {
  constructor(private readonly _state: IStateDB | null) {}

  async of(tab: string): Promise<IMirror | null> {
    const found = (await this._state?.fetch(`${NAMESPACE}:${tab}`)) as
      ReadonlyPartialJSONObject | undefined;
    return (found as unknown as IMirror | undefined) ?? this._mirrors.get(tab) ?? null;
  }

  async note(tab: string, mirror: IMirror): Promise<void> {
    this._mirrors.set(tab, mirror);
    await this._state?.save(`${NAMESPACE}:${tab}`, { ...mirror });
  }

  async remove(tab: string): Promise<void> {
    this._mirrors.delete(tab);
    await this._state?.remove(`${NAMESPACE}:${tab}`);
  }

  private readonly _mirrors = new Map<string, IMirror>();
}
