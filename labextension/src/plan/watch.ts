/** A plan and all its planned runs, as they are now. */

import { Throttler } from '@lumino/polling';

import type { PlanDetails, PlannedRun, PlanStatus } from '../api/plans';
import { getPlan, getPlanStatus, plannedRuns } from '../api/plans';
import type { AskedState } from '../screen/asked';
import { Model } from '../screen/asked';
import type { IHere } from '../screen/here';
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

export class PlanWatch extends Model {
  constructor(
    private readonly _here: IHere,
    readonly plan: number
  ) {
    super();
    this._large = new Throttler(() => this.refresh(), { limit: LARGE, edge: 'trailing' });
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
      this._heard.push(change);
      this._showing ??= setTimeout(this._show, AT_ONCE);
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
    const heard = this._heard;
    this._heard = [];
    if (before.kind !== 'ready') {
      await this.refresh();
      return;
    }
    if (before.value.rows.length < SMALL) {
      // Where it is not known what has changed, everything may have.
      this._isRevised ||= heard.length === 0;
      await this._attempt(() => this._again(before.value));
      return;
    }
    void this._large.invoke().catch(() => undefined);
    await this._attempt(async () => {
      const status = await getPlanStatus(this._here.api, this.plan);
      const now = this._state.kind === 'ready' ? this._state.value : before.value;
      return { ...now, status, rows: changed(now.rows, heard) };
    });
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
      const value = withHeard(before.value, this._heard);
      if (value !== before.value) {
        this._state = { ...before, value };
        this.tell();
      }
    }
  };

  /** Read what runs change; the plan itself only where that changed as well. */
  private async _again(before: IPlanNow): Promise<IPlanNow> {
    const { api } = this._here;
    const isRevised = this._isRevised;
    this._isRevised = false;
    const [status, rows] = await Promise.all([getPlanStatus(api, this.plan), this._rows()]);
    const plan =
      isRevised || status.status !== before.status.status
        ? await getPlan(api, this.plan)
        : before.plan;
    return { plan, status, rows };
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

  private async _attempt(work: () => Promise<IPlanNow>): Promise<void> {
    const turn = ++this._turn;
    let state: AskedState<IPlanNow>;
    try {
      // What was heard since this was asked is newer than the answer.
      state = { kind: 'ready', value: withHeard(await work(), this._heard), trouble: null };
    } catch (error) {
      const before = this._state;
      state = before.kind === 'ready' ? { ...before, trouble: error } : { kind: 'failed', error };
    }
    if (turn > this._done) {
      this._done = turn;
      this._state = state;
      this.tell();
    }
  }

  private _state: AskedState<IPlanNow> = { kind: 'loading' };
  private _heard: IChange[] = [];
  /** Something of the plan itself was heard. */
  private _isRevised = false;
  private _showing: ReturnType<typeof setTimeout> | undefined;
  private _turn = 0;
  private _done = 0;
  private readonly _large: Throttler;
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

/** The rows with what was heard of their runs; the same rows where nothing is new. */
export function changed(
  rows: readonly PlannedRun[],
  heard: readonly IChange[]
): readonly PlannedRun[] {
  const latest = new Map(
    heard
      .filter(change => change.planned !== null && STATES.has(change.status ?? ''))
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
    // Why it failed is read a moment later.
    return { ...row, run_id: change.id, state, error: state === 'failed' ? '' : null };
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
