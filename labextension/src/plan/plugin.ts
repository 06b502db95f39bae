/** The list of plans: command, launcher tile, palette entry, tab. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import {
  CommandToolbarButton,
  ICommandPalette,
  InputDialog,
  MainAreaWidget,
  WidgetTracker
} from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IPropertyInspectorProvider } from '@jupyterlab/property-inspector';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { refreshIcon } from '@jupyterlab/ui-components';

import { CATEGORY, CommandIDs } from '../commands';
import { plansIcon } from '../icons';
import { hintBeside } from '../screen/beside';
import { numberOf } from '../screen/screens';
import { IApi, ILive, IPipelineTracker, IScreens } from '../tokens';
import { DOMAIN } from '../translation';
import { addCommands } from './commands';
import type { IPlanArgs } from './look';
import { PlansModel } from './model';
import { PlansPanel } from './panel';

export const plansPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:plans',
  description: 'The list of plans.',
  autoStart: true,
  requires: [IApi, ILive, IScreens, IPipelineTracker],
  optional: [ITranslator, ICommandPalette, ILauncher, ILayoutRestorer, IPropertyInspectorProvider],
  activate: (
    app: JupyterFrontEnd,
    api: IApi,
    live: ILive,
    screens: IScreens,
    pipelines: IPipelineTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    inspectors: IPropertyInspectorProvider | null
  ): void => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const tracker = new WidgetTracker<MainAreaWidget<PlansPanel>>({ namespace: 'pm-plans' });

    const open = (plan: number): void => void commands.execute(CommandIDs.openPlan, { plan });

    const makeTab = (): MainAreaWidget<PlansPanel> => {
      const model = new PlansModel(api);
      const content = new PlansPanel(model, live, open, trans);
      const tab = new MainAreaWidget({ content });
      tab.id = 'pm-plans';
      tab.title.label = trans.__('Plans');
      tab.title.icon = plansIcon;
      tab.title.closable = true;
      inspectors
        ?.register(tab)
        .render(hintBeside(trans.__('Open a plan to see its runs; select one of them there.')));
      tab.toolbar.addItem(
        'refresh',
        new CommandToolbarButton({ commands, id: CommandIDs.refreshPlans, label: '' })
      );
      return tab;
    };

    commands.addCommand(CommandIDs.openPlans, {
      label: args => (args['isPalette'] === true ? trans.__('Open Plans') : trans.__('Plans')),
      caption: trans.__('All plans, with what they are doing now'),
      icon: args => (args['isPalette'] === true ? undefined : plansIcon),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            activate: {
              type: 'boolean',
              description: trans.__('Whether the tab comes to the front')
            }
          }
        }
      },
      execute: args => {
        let tab = tracker.find(() => true);
        if (tab === undefined) {
          tab = makeTab();
          void tracker.add(tab);
        }
        if (!tab.isAttached) {
          shell.add(tab, 'main', { activate: args['activate'] !== false });
        }
        if (args['activate'] !== false) {
          shell.activateById(tab.id);
        }
        return tab;
      }
    });

    commands.addCommand(CommandIDs.refreshPlans, {
      label: trans.__('Refresh Plans'),
      caption: trans.__('Ask the server again for the list of plans'),
      icon: refreshIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => tracker.size > 0,
      execute: async () => {
        await tracker.find(() => true)?.content.model.refresh();
      }
    });

    const opened = screens.add<IPlanArgs>({
      command: CommandIDs.openPlan,
      namespace: 'pm-plan',
      label: trans.__('Open Plan…'),
      caption: trans.__('A plan, what it is doing now, and what failed'),
      icon: plansIcon,
      properties: {
        plan: { type: 'integer', description: trans.__('The number of the plan') },
        step: { type: 'string', description: trans.__('Show only this step') },
        look: { type: 'string', description: trans.__('How it is looked at, as a layout keeps it') }
      },
      read: args => {
        const plan = numberOf(args, 'plan');
        const { step, look } = args;
        return plan === null
          ? null
          : {
              plan,
              step: typeof step === 'string' ? step : '',
              ...(typeof look === 'string' ? { look } : {})
            };
      },
      ask: async () => {
        const { value } = await InputDialog.getNumber({
          title: trans.__('Which plan?'),
          label: trans.__('Number of the plan')
        });
        return value !== null && Number.isSafeInteger(value) && value > 0
          ? { plan: value, step: '' }
          : null;
      },
      id: args => (args.step === '' ? String(args.plan) : `${args.plan}-${args.step}`),
      title: args => trans.__('Plan %1', args.plan),
      beside: trans.__(
        'Select a run of the plan to see here what it made, how, and what it printed. Ctrl or Shift, or the boxes, choose several to compare.'
      ),
      load: async () => (await import('./tab')).default
    });

    addCommands({
      app,
      here: screens.here,
      pipelines,
      palette,
      inFront: () => {
        const tab = opened.find(each => each === shell.currentWidget);
        return tab?.content.args.plan ?? null;
      }
    });

    for (const command of [CommandIDs.openPlans, CommandIDs.refreshPlans]) {
      palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
    }
    launcher?.add({ command: CommandIDs.openPlans, category: CATEGORY, rank: 1 });
    if (restorer !== null) {
      void restorer.restore(tracker, {
        command: CommandIDs.openPlans,
        name: () => 'plans',
        args: () => ({ activate: false })
      });
    }
  }
};
