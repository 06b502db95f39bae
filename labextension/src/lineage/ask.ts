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
/** The server gives no more. */
export const MOST = 20_000;

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

  /** Whether a run is in it; false until it is known. */
  has(run: number): boolean {
    return this._state.kind === 'ready' && this._state.value.runs.has(run);
  }

  /** Ask anew, for as many runs as were asked for last. */
  readonly refresh = async (): Promise<void> => {
    await this._look();
  };

  /** Ask anew if it has more runs by now: what is asked for that is small. */
  readonly grown = async (): Promise<void> => {
    const before = this._state;
    if (before.kind !== 'ready' || this._directions === 'up') {
      return;
    }
    const { runs, edges } = await this._asked(this._limit, false);
    const known = before.value;
    if (runs.size !== known.runs.size || edges.length !== known.edges.length) {
      await this._look();
    }
  };

  /** Ask for as many runs as the server gives. */
  readonly all = async (): Promise<void> => {
    this._limit = MOST;
    await this._look();
  };

  private async _look(): Promise<void> {
    const turn = ++this._turn;
    const limit = this._limit;
    try {
      await this._here.ready();
      // What is shown keeps its parameters until the new ones are there.
      for (const details of this._state.kind === 'ready' ? [true] : [false, true]) {
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
  private _limit = AT_ONCE;
}
