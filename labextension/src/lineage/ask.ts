/** Asking for a lineage: first its shape, then what is recorded of each run. */

import type { Direction } from '../api/runs';
import { getLineage } from '../api/runs';
import { Model } from '../screen/asked';
import type { AskedState } from '../screen/asked';
import type { IHere } from '../screen/here';
import type { IGraph } from './graph';
import { graphOf } from './graph';

export type Directions = Direction | 'both';

/** Runs that are asked for unless somebody wants all. */
const AT_ONCE = 1000;
const MOST = 20_000;

export class LineageModel extends Model {
  constructor(
    private readonly _here: IHere,
    private readonly _run: number,
    private readonly _directions: Directions
  ) {
    super();
  }

  get state(): AskedState<IGraph> {
    return this._state;
  }

  readonly refresh = async (): Promise<void> => {
    await this._look(AT_ONCE);
  };

  /** Ask for as many runs as the server gives. */
  readonly all = async (): Promise<void> => {
    await this._look(MOST);
  };

  private async _look(limit: number): Promise<void> {
    const turn = ++this._turn;
    try {
      await this._here.ready();
      for (const details of [false, true]) {
        const graph = await this._asked(limit, details);
        if (turn !== this._turn) {
          return;
        }
        this._state = { kind: 'ready', value: graph, trouble: null };
        this.tell();
      }
    } catch (error) {
      if (turn === this._turn) {
        const before = this._state;
        this._state =
          before.kind === 'ready' ? { ...before, trouble: error } : { kind: 'failed', error };
        this.tell();
      }
    }
  }

  private async _asked(limit: number, details: boolean): Promise<IGraph> {
    const directions: Direction[] =
      this._directions === 'both' ? ['up', 'down'] : [this._directions];
    const parts = directions.map(direction =>
      getLineage(this._here.api, this._run, { direction, limit, details })
    );
    return graphOf(await Promise.all(parts));
  }

  private _state: AskedState<IGraph> = { kind: 'loading' };
  private _turn = 0;
}
