/** Plans at work, wherever one looks: notifications, status bar, the Running panel. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { IRunningSessions } from '@jupyterlab/running';
import { IRunningSessionManagers } from '@jupyterlab/running';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Poll } from '@lumino/polling';
import { Signal } from '@lumino/signaling';

import { cancelPlan } from '../api/plans';
import { CommandIDs } from '../commands';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import { plansIcon } from '../icons';
import { countsText } from '../marks/bar';
import { cancel } from '../plan/actions';
import { Looking } from '../screen/looking';
import { Setting } from '../screen/setting';
import { IScreens } from '../tokens';
import { ActivePlans } from './active';
import { keep, kept } from './kept';
import { StatusItem } from './status_item';
import type { Told } from './toasts';
import { Toasts } from './toasts';

/** The least milliseconds between two looks. */
const GAP = 1_000;
/** Milliseconds between looks whether there is a workspace by now. */
const WAITING = { interval: 60_000, backoff: true, max: 600_000 };

export const notifyPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:notify',
  description: 'Says what the plans of the Research Process Manager are doing.',
  autoStart: true,
  requires: [IScreens],
  optional: [IStatusBar, IRunningSessionManagers, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    screens: IScreens,
    statusBar: IStatusBar | null,
    running: IRunningSessionManagers | null,
    settings: ISettingRegistry | null
  ): void => {
    const { api, commands, live, trans } = screens.here;
    const active = new ActivePlans(api);
    const open = (plan: number): void => void commands.execute(CommandIDs.openPlan, { plan });
    const wanted = new Setting<Told>(settings, 'plans', 'notifications', [
      'all',
      'failures',
      'none'
    ]);
    const toasts = new Toasts(open, trans, wanted);
    active.news.connect((_, news) => {
      toasts.tell(news);
    });

    statusBar?.registerStatusItem('research-process-manager:active-plans', {
      item: new StatusItem(
        active,
        () => {
          const [only, ...more] = active.plans;
          if (only !== undefined && more.length === 0) {
            open(only.plan_id);
          } else {
            void commands.execute(CommandIDs.openPlans);
          }
        },
        trans
      ),
      align: 'left',
      rank: 100,
      isActive: () => active.plans.length > 0,
      activeStateChanged: active.changed
    });
    if (running !== null) {
      addToRunning(running, active, screens, open);
    }

    const looking = new Looking(() => active.refresh(), GAP);
    active.changed.connect(() => {
      keep(active.plans.map(plan => plan.plan_id));
    });
    let begun = false;
    const begin = async (): Promise<void> => {
      // Nobody has asked for anything yet, so nobody is told what is missing.
      const { problem } = await api.status(true);
      if (problem !== null) {
        throw new Error(problem.message);
      }
      if (!begun) {
        begun = true;
        active.remember(kept());
        live.hold();
      }
      await active.refresh();
    };
    const waiting = new Poll({
      auto: false,
      factory: async () => {
        await begin();
        void waiting.stop();
      },
      frequency: WAITING,
      name: 'research-process-manager:notify'
    });
    live.changed.connect((_, changes) => {
      for (const { kind, id, status } of changes === 'everything' ? [] : changes) {
        if (kind === 'plan' && (status === 'submitted' || status === 'running')) {
          active.expect(id);
        }
      }
      if (changes === 'everything' || changes.some(({ plan }) => plan !== null)) {
        if (begun) {
          looking.ask();
        } else if (changes !== 'everything') {
          // Where a plan changes there are a workspace and its database by now.
          void waiting.refresh();
        }
      }
    });
    void app.restored.then(() => waiting.start());
  }
};

function addToRunning(
  running: IRunningSessionManagers,
  active: ActivePlans,
  screens: IScreens,
  open: (plan: number) => void
): void {
  const { api, trans } = screens.here;
  const changed = new Signal<ActivePlans, unknown>(active);
  active.changed.connect(() => {
    changed.emit(undefined);
  });
  const trouble = (error: unknown): Promise<void> =>
    showExplanation(explained(error, trans), trans);
  running.add({
    name: trans.__('Plans'),
    running: () =>
      active.plans.map((plan): IRunningSessions.IRunningItem => ({
        icon: () => plansIcon,
        label: () => plan.name,
        labelTitle: () => trans.__('plan %1', plan.plan_id),
        detail: () => countsText(plan.counts, trans),
        open: () => {
          open(plan.plan_id);
        },
        // What runs is lost by it, so it asks.
        shutdown: () => {
          cancel(screens.here, plan.plan_id).then(() => active.refresh(), trouble);
        }
      })),
    refreshRunning: () => void active.refresh(),
    runningChanged: changed,
    shutdownLabel: trans.__('Cancel the plan'),
    shutdownAll: () => {
      for (const plan of active.plans) {
        // Asked once for all of them, by the panel.
        cancelPlan(api, plan.plan_id).then(() => active.refresh(), trouble);
      }
    },
    shutdownAllLabel: trans.__('Cancel all'),
    shutdownAllConfirmationText: () =>
      trans.__('Cancel all plans? What runs is ended; what has ended stays.')
  });
}
