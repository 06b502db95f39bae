/** Notifications of plans: that they began, how far they are, how they ended. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Plan } from '../api/plans';
import { countsText } from '../marks/bar';
import { endText, titled } from '../plan/words';
import type { ISetting } from '../screen/setting';
import type { INews } from './active';

/** Milliseconds for which a notification stays on screen; afterwards it is in the list. */
const SHOWN = 6_000;

/** Which news are told. */
export type Told = 'all' | 'failures' | 'none';

export class Toasts {
  constructor(
    private readonly _open: (plan: number) => void,
    private readonly _trans: TranslationBundle,
    private readonly _wanted: ISetting<Told> = { value: 'all' }
  ) {}

  tell({ kind, plan }: INews): void {
    switch (kind) {
      case 'started':
        this._forget(plan.plan_id);
        this._began(plan);
        break;
      case 'moved':
        this._moved(plan);
        break;
      case 'ended':
        this._ended(plan);
        break;
    }
  }

  private _began(plan: Plan): void {
    if (this._wanted.value === 'all') {
      this._shown.set(
        plan.plan_id,
        Notification.emit(this._started(plan), 'in-progress', {
          autoClose: SHOWN,
          actions: this._actions(plan, this._trans.__('Open'))
        })
      );
    }
  }

  private _started(plan: Plan): string {
    const reused = plan.counts['reused'] ?? 0;
    const total = Object.values(plan.counts).reduce((sum, count) => sum + count, 0);
    return this._trans.__(
      '%1 started: %2 new, %3 reused',
      titled(plan, this._trans),
      total - reused,
      reused
    );
  }

  // The list of notifications draws no bar, so that the numbers stand in the text.
  private _moved(plan: Plan): void {
    const id = this._shown.get(plan.plan_id);
    if (id !== undefined) {
      const text = countsText(plan.counts, this._trans);
      Notification.update({
        id,
        message: `${titled(plan, this._trans)}: ${text}`,
        type: 'in-progress',
        autoClose: SHOWN,
        actions: this._actions(plan, this._trans.__('Open'))
      });
    }
  }

  private _ended(plan: Plan): void {
    this._forget(plan.plan_id);
    const id = this._shown.get(plan.plan_id);
    this._shown.delete(plan.plan_id);
    if (id !== undefined) {
      Notification.dismiss(id);
    }
    const well = plan.status === 'completed';
    const type = well ? 'success' : plan.status === 'cancelled' ? 'info' : 'error';
    const wanted = this._wanted.value;
    if (wanted === 'none' || (wanted === 'failures' && type !== 'error')) {
      return;
    }
    const told = Notification.emit(endText(plan, this._trans), type, {
      // A failure waits until somebody has seen it.
      autoClose: type === 'error' ? false : SHOWN,
      actions: this._actions(
        plan,
        type === 'error' ? this._trans.__('Show what failed') : this._trans.__('View')
      )
    });
    this._ends.set(plan.plan_id, told);
  }

  /** How it ended before is no news once it runs again. */
  private _forget(plan: number): void {
    const told = this._ends.get(plan);
    if (told !== undefined) {
      Notification.dismiss(told);
      this._ends.delete(plan);
    }
  }

  private _actions(plan: Plan, label: string): Notification.IAction[] {
    return [
      {
        label,
        callback: () => {
          this._open(plan.plan_id);
        }
      }
    ];
  }

  private readonly _shown = new Map<number, string>();
  private readonly _ends = new Map<number, string>();
}
