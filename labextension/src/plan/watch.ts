/** A plan and all its planned runs, as they are now. */

import type { PlanDetails, PlannedRun, PlanStatus } from '../api/plans';
import { getPlan, getPlanStatus, plannedRuns } from '../api/plans';
import type { AskedState } from '../screen/asked';
import { Model } from '../screen/asked';
import type { IHere } from '../screen/here';
import { Looking } from '../screen/looking';
import type { IChange } from '../tokens';

/** Planned runs of one request; the server reads the whole tree for each. */
const PAGE = 10_000;
/** Up to so many planned runs are all read again after each change. */
const SMALL = 1000;
/** Milliseconds for which changes are gathered before they are shown. */
const AT_ONCE = 30;
/** Milliseconds between two looks at all runs of a plan that is not small. */
const LARGE = 5_000;

export interface IPlanNow {
  readonly plan: PlanDetails;
  /** Counts, and what changes while it runs. */
  readonly status: PlanStatus;
  readonly rows: readonly PlannedRun[];
}

/** The last change of each planned run. */
type Heard = Map<number | null, IChange>;

/** What one look found; what it did not read stays as it is known. */
type Found = Pick<IPlanNow, 'status'> & Partial<IPlanNow>;

export class PlanWatch extends Model {
  /**
   * @param plan - the number of the plan
   * @param _seen - whether somebody looks at it; what is heard meanwhile is shown by the next `look`
   */
  constructor(
    private readonly _here: IHere,
    readonly plan: number,
    private readonly _seen: () => boolean = () => true
  ) {
    super();
    this._large = new Looking(() => this.refresh(), LARGE);
  }

  get state(): AskedState<IPlanNow> {
    return this._state;
  }

  /** Read everything. Never throws. */
  readonly refresh = async (): Promise<void> => {
    await this._attempt(async () => {
      await this._here.ready();
      const { api } = this._here;
      const [plan, status, rows] = await Promise.all([
        getPlan(api, this.plan),
        getPlanStatus(api, this.plan),
        this._rows()
      ]);
      return { plan, status, rows };
    });
  };

  /** Whether a change concerns this plan. What it says of runs is kept for `look`. */
  readonly fits = (change: IChange): boolean => {
    if (change.plan !== this.plan) {
      return false;
    }
    this._isRevised ||= change.kind === 'plan';
    if (change.kind === 'run') {
      for (const heard of [this._heard, ...this._meanwhile]) {
        // What says no state does not replace what does.
        if (isState(change) || !heard.has(change.planned)) {
          heard.set(change.planned, change);
        }
      }
      if (this._seen()) {
        this._showing ??= setTimeout(this._show, AT_ONCE);
      }
    }
    return true;
  };

  /**
   * Look again after changes. A small plan is read anew; of a large one the counts, and its rows
   * change by what was heard until all of them are read, some seconds later.
   */
  readonly look = async (): Promise<void> => {
    clearTimeout(this._showing);
    this._show();
    const before = this._state;
    // Where it is not known what has changed, everything may have.
    this._isRevised ||= this._heard.size === 0;
    this._heard.clear();
    if (before.kind !== 'ready') {
      await this.refresh();
      return;
    }
    if (before.value.rows.length < SMALL) {
      await this._attempt(() => this._again(before.value));
      return;
    }
    this._large.ask();
    await this._attempt(async () => ({ status: await getPlanStatus(this._here.api, this.plan) }));
  };

  dispose(): void {
    clearTimeout(this._showing);
    this._large.dispose();
  }

  /** Show what was heard before anything is asked: a state is on screen when it is known. */
  private readonly _show = (): void => {
    this._showing = undefined;
    const before = this._state;
    if (before.kind === 'ready') {
      const value = withHeard(before.value, [...this._heard.values()]);
      if (value !== before.value) {
        this._state = { ...before, value };
        this.tell();
      }
    }
  };

  /** Read what runs change; the plan itself only where that changed as well. */
  private async _again(before: IPlanNow): Promise<Found> {
    const { api } = this._here;
    const isRevised = this._isRevised;
    this._isRevised = false;
    try {
      const [status, rows] = await Promise.all([getPlanStatus(api, this.plan), this._rows()]);
      return isRevised || status.status !== before.status.status
        ? { plan: await getPlan(api, this.plan), status, rows }
        : { status, rows };
    } catch (error) {
      // The next look has to read it.
      this._isRevised ||= isRevised;
      throw error;
    }
  }

  private async _rows(): Promise<PlannedRun[]> {
    const rows: PlannedRun[] = [];
    for (let first: number | null = 0; first !== null;) {
      const page = await plannedRuns(this._here.api, this.plan, { first, limit: PAGE });
      rows.push(...page.planned_runs);
      first = page.next;
    }
    return rows;
  }

  private async _attempt(look: () => Promise<Found>): Promise<void> {
    const turn = ++this._turn;
    const heard: Heard = new Map();
    this._meanwhile.add(heard);
    let state: AskedState<IPlanNow> | null;
    try {
      state = this._joined(turn, await look(), heard);
    } catch (error) {
      const before = this._state;
      const failed: AskedState<IPlanNow> =
        before.kind === 'ready' ? { ...before, trouble: error } : { kind: 'failed', error };
      state = turn > this._done ? failed : null;
    } finally {
      this._meanwhile.delete(heard);
    }
    if (state !== null) {
      this._done = Math.max(this._done, turn);
      this._state = state;
      this.tell();
    }
  }

  /**
   * What is known with what a look found; null, nothing of it is new. All rows take longer than the
   * counts: that those were read once more meanwhile does not make the rows old.
   *
   * @param heard - what was heard since it was asked. The rows may be older than that; the counts
   *   hardly are, and would count it twice.
   */
  private _joined(turn: number, found: Found, heard: Heard): AskedState<IPlanNow> | null {
    const before = this._state.kind === 'ready' ? this._state.value : null;
    const hasRows = found.rows !== undefined && turn > this._rowsDone;
    if (!hasRows && turn < this._done) {
      return null;
    }
    const plan = found.plan ?? before?.plan;
    const rows = found.rows ?? before?.rows;
    if (plan === undefined || rows === undefined) {
      return null;
    }
    if (hasRows) {
      this._rowsDone = turn;
    }
    const isLast = turn > this._done;
    const status = isLast ? found.status : (before?.status ?? found.status);
    const trouble = !isLast && this._state.kind === 'ready' ? this._state.trouble : null;
    const value = { plan, status, rows: changed(rows, [...heard.values()]) };
    return { kind: 'ready', value, trouble };
  }

  private _state: AskedState<IPlanNow> = { kind: 'loading' };
  /** Since the last look. */
  private readonly _heard: Heard = new Map();
  /** What is heard while something is read, by what reads. */
  private readonly _meanwhile = new Set<Heard>();
  /** Something of the plan itself was heard. */
  private _isRevised = false;
  private _showing: ReturnType<typeof setTimeout> | undefined;
  private _turn = 0;
  /** The last turn of which something is shown, and the last of which the rows are. */
  private _done = 0;
  private _rowsDone = 0;
  private readonly _large: Looking;
}

/** A plan with what was heard of its runs: rows and counts. */
function withHeard(now: IPlanNow, heard: readonly IChange[]): IPlanNow {
  const rows = changed(now.rows, heard);
  if (rows === now.rows) {
    return now;
  }
  const counts: Record<string, number> = { ...now.status.counts };
  rows.forEach((row, n) => {
    const before = now.rows[n]?.state ?? row.state;
    if (row.state !== before) {
      counts[before] = Math.max(0, (counts[before] ?? 0) - 1);
      counts[row.state] = (counts[row.state] ?? 0) + 1;
    }
  });
  return { ...now, rows, status: { ...now.status, counts } };
}

const STATES = new Set(['running', 'completed', 'failed', 'cancelled']);

/** Whether a change says in which state a run is. */
function isState(change: IChange): boolean {
  return STATES.has(change.status ?? '');
}

/** The rows with what was heard of their runs; the same rows where nothing is new. */
export function changed(
  rows: readonly PlannedRun[],
  heard: readonly IChange[]
): readonly PlannedRun[] {
  const latest = new Map(
    heard
      .filter(change => change.planned !== null && isState(change))
      .map(change => [change.planned, change])
  );
  if (latest.size === 0) {
    return rows;
  }
  const now = rows.map(row => {
    const change = latest.get(row.planned_id);
    if (change === undefined || !isNews(row, change)) {
      return row;
    }
    const state = change.status as PlannedRun['state'];
    // Why it failed, and when another run of it began, is read a moment later.
    const times = row.run_id === change.id ? {} : { started_at: null, finished_at: null };
    return {
      ...row,
      ...times,
      run_id: change.id,
      state,
      error: state === 'failed' ? '' : null
    };
  });
  return now.some((row, n) => row !== rows[n]) ? now : rows;
}

/** Whether a change says more than the row: what has ended does not run again. */
function isNews(row: PlannedRun, change: IChange): boolean {
  if (row.run_id !== change.id) {
    return row.run_id === null || change.id > row.run_id;
  }
  return row.state !== change.status && (change.status !== 'running' || row.state === 'waiting');
}
