/** The plans that are being worked on, and those that have just ended. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Plan } from '../api/plans';
import { getPlanStatus, listPlans } from '../api/plans';
import { Model } from '../screen/asked';
import type { IApi } from '../tokens';

const ACTIVE = ['submitted', 'running'] as const;

export function isActive(plan: Plan): boolean {
  return (ACTIVE as readonly string[]).includes(plan.status);
}

function isNews(plan: Plan): boolean {
  return plan.kind === 'plan' && !isActive(plan);
}

/** What has happened to a plan since the last look. */
export interface INews {
  kind: 'started' | 'moved' | 'ended';
  plan: Plan;
}

export class ActivePlans extends Model {
  constructor(private readonly _api: IApi) {
    super();
  }

  /** Plans that run or wait to run, newest first. */
  get plans(): readonly Plan[] {
    return this._plans;
  }

  get news(): ISignal<this, INews> {
    return this._news;
  }

  /** Where the last visit ended: of the plans that were active then it is said how they ended. */
  remember(plans: readonly number[]): void {
    this._before = new Set(plans);
  }

  /**
   * A plan was submitted: that it began is said also at the first look, and how it ended also where it
   * ends before anybody looks.
   */
  expect(plan: number): void {
    this._expected.add(plan);
  }

  /** Look. Never throws: who asks is no person. */
  readonly refresh = async (): Promise<void> => {
    const turn = ++this._turn;
    const expected = [...this._expected];
    try {
      const plans = await listPlans(this._api, { status: ACTIVE, limit: 100 });
      const now = new Set(plans.map(plan => plan.plan_id));
      const gone = [...new Set([...this._before, ...expected])].filter(plan => !now.has(plan));
      const ended = await Promise.all(gone.map(plan => this._ended(plan)));
      if (turn !== this._turn) {
        return;
      }
      const before = this._before;
      const first = !this._looked;
      this._looked = true;
      this._before = now;
      for (const plan of expected) {
        this._expected.delete(plan);
      }
      this._plans = plans;
      this.tell();
      for (const plan of plans) {
        // What ran already when the page was opened is no news.
        if (before.has(plan.plan_id)) {
          this._news.emit({ kind: 'moved', plan });
        } else if (!first || expected.includes(plan.plan_id)) {
          this._news.emit({ kind: 'started', plan });
        }
      }
      for (const plan of ended) {
        // What was submitted meanwhile may be a single run, of which no news is told.
        if (plan !== null && (before.has(plan.plan_id) || (isNews(plan) && !this._isTold(plan)))) {
          this._told.set(plan.plan_id, plan.finished_at);
          this._news.emit({ kind: 'ended', plan });
        }
      }
    } catch {
      // The screens say what is wrong; what is known stays until the next look.
    }
  };

  /** Of one that was over before it was looked at more may be heard late. */
  private _isTold(plan: Plan): boolean {
    return this._told.get(plan.plan_id) === plan.finished_at;
  }

  private async _ended(plan: number): Promise<Plan | null> {
    try {
      return await getPlanStatus(this._api, plan);
    } catch {
      return null;
    }
  }

  private _plans: readonly Plan[] = [];
  private _before = new Set<number>();
  private readonly _expected = new Set<number>();
  /** The ends that were told, by plan: one that runs again ends at another time. */
  private readonly _told = new Map<number, string | null>();
  private _looked = false;
  private _turn = 0;
  private readonly _news = new Signal<this, INews>(this);
}

/** How far several plans are together. */
export function together(plans: readonly Plan[]): { done: number; total: number } {
  let [done, total] = [0, 0];
  for (const { counts } of plans) {
    done += (counts['completed'] ?? 0) + (counts['reused'] ?? 0);
    total += Object.values(counts).reduce((sum, count) => sum + count, 0);
  }
  return { done, total };
}
