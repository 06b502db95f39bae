/** Preview and Run: commands, and the tab of a draft. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IPropertyInspectorProvider } from '@jupyterlab/property-inspector';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { Refused } from '../api/errors';
import { CATEGORY, CommandIDs } from '../commands';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import { plansIcon } from '../icons';
import { DraftNews } from '../pipeline/draft_news';
import { hintBeside } from '../screen/beside';
import { IApi, ILive, IPipelineTracker } from '../tokens';
import { DOMAIN } from '../translation';
import { PreviewModel } from './model';
import { PreviewPanel } from './panel';
import { DraftSource } from './source';

export const previewPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:preview',
  description: 'What a drawn pipeline would run, before it runs.',
  autoStart: true,
  requires: [IApi, IPipelineTracker],
  optional: [
    ITranslator,
    ICommandPalette,
    ILayoutRestorer,
    IPropertyInspectorProvider,
    IStateDB,
    ILive
  ],
  activate: (
    app: JupyterFrontEnd,
    api: IApi,
    pipelines: IPipelineTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    inspectors: IPropertyInspectorProvider | null,
    state: IStateDB | null,
    live: ILive | null
  ): void => {
    const { commands, shell } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const news = new DraftNews(state);
    const tracker = new WidgetTracker<MainAreaWidget<PreviewPanel>>({ namespace: 'pm-preview' });

    const openPlan = (plan: number): void => {
      void commands.execute(CommandIDs.openPlan, { plan });
    };

    /** What was submitted is watched where it was drawn; the preview has had its say. */
    const submitted = (model: PreviewModel, tab: Widget): void => {
      const { planId: id } = model;
      const nothing = { planned: null, step: null };
      live?.tell([{ kind: 'plan', id, status: 'submitted', plan: id, ...nothing }]);
      // It is no draft any more, of which a drawing could hear.
      void news.forget(model.planId).catch(() => undefined);
      const source = pipelines.models.find(each => each.draftPlan === model.planId);
      if (source !== undefined) {
        source.forgetDraft();
        source.view(model.planId).then(
          () => {
            pipelines.show(source);
            tab.close();
          },
          // The preview says what was started, and leads to the plan.
          () => undefined
        );
      }
    };

    /** Show a step in the drawing of a draft, which is opened where it is not. */
    const showStep = async (source: DraftSource, plan: number, step: string): Promise<void> => {
      if (!(await source.show(step)) && commands.hasCommand(CommandIDs.openPipeline)) {
        await commands.execute(CommandIDs.openPipeline, { draft: plan });
        await source.show(step);
      }
    };

    const makeTab = (plan: number): MainAreaWidget<PreviewPanel> => {
      const model = new PreviewModel(api, plan);
      const source = new DraftSource(model, pipelines, trans, news);
      let told = false;
      const content = new PreviewPanel(
        model,
        {
          ...(commands.hasCommand(CommandIDs.openRun)
            ? { openRun: run => void commands.execute(CommandIDs.openRun, { run }) }
            : {}),
          ...(commands.hasCommand(CommandIDs.openPlan) ? { openPlan } : {}),
          ...(commands.hasCommand(CommandIDs.copyPython)
            ? { copyPython: () => void commands.execute(CommandIDs.copyPython, { plan }) }
            : {}),
          ...(commands.hasCommand(CommandIDs.exportFolder)
            ? { exportFolder: () => void commands.execute(CommandIDs.exportFolder, { plan }) }
            : {}),
          showStep: step => {
            void showStep(source, plan, step);
          }
        },
        trans
      );
      const tab = new MainAreaWidget({ content });
      tab.id = `pm-preview-${plan}`;
      tab.title.label = trans.__('Preview');
      tab.title.icon = plansIcon;
      tab.title.closable = true;
      inspectors
        ?.register(tab)
        .render(
          hintBeside(
            trans.__(
              'Nothing runs before you say so. Unfold a sample to see its runs, what each is given, and why it is run or reused; Skip leaves a part out.'
            )
          )
        );
      model.stateChanged.connect(() => {
        tab.title.label = trans.__('Preview: %1', model.draft?.name ?? trans.__('plan %1', plan));
        if (model.started !== null && !told) {
          told = true;
          submitted(model, tab);
        }
      });
      return tab;
    };

    const openTab = (plan: number, activate: boolean): MainAreaWidget<PreviewPanel> => {
      let tab = tracker.find(each => each.content.model.planId === plan);
      const isSeen = tab?.isVisible === true;
      if (tab === undefined) {
        tab = makeTab(plan);
        void tracker.add(tab);
        shell.add(tab, 'main', { activate });
      }
      if (activate) {
        shell.activateById(tab.id);
      }
      // One that comes to the front looks by itself.
      if (isSeen) {
        void tab.content.model.load();
      }
      return tab;
    };

    /** Store what is drawn; where that cannot be, say why and return null. */
    const store = async (): Promise<number | null> => {
      const model = pipelines.current;
      // Of a plan that is looked at nothing is stored: its draft is not what is seen.
      if (model === null || model.viewing !== null) {
        return null;
      }
      try {
        return (await model.storeDraft()).plan_id;
      } catch (error) {
        const step =
          error instanceof Refused
            ? error.refusal.problems.find(problem => problem.step !== null)?.step
            : null;
        if (typeof step === 'string') {
          model.reveal(step);
        }
        await showExplanation(explained(error, trans), trans);
        return null;
      }
    };

    commands.addCommand(CommandIDs.openPreview, {
      label: args =>
        args['isPalette'] === true ? trans.__('Preview Pipeline') : trans.__('Preview'),
      caption: trans.__('What would run and what is reused, before anything runs'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            plan: {
              type: 'number',
              description: trans.__('A stored draft; without it what is drawn')
            },
            activate: {
              type: 'boolean',
              description: trans.__('Whether the tab comes to the front')
            }
          }
        }
      },
      isEnabled: args => typeof args['plan'] === 'number' || canRun(pipelines),
      execute: async args => {
        const plan = typeof args['plan'] === 'number' ? args['plan'] : await store();
        return plan === null ? undefined : openTab(plan, args['activate'] !== false);
      }
    });

    commands.addCommand(CommandIDs.runPipeline, {
      label: args => (args['isPalette'] === true ? trans.__('Run Pipeline') : trans.__('Run')),
      caption: trans.__('Run what is drawn; what was not previewed is previewed first'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => canRun(pipelines),
      execute: async () => {
        const seen = pipelines.current?.draftPlan ?? null;
        const plan = await store();
        if (plan === null) {
          return;
        }
        const tab = openTab(plan, true);
        // The first time it is looked at; from then on the word is enough.
        if (seen === plan) {
          const { model } = tab.content;
          if (await model.load()) {
            await model.submit();
          }
        }
      }
    });

    for (const command of [CommandIDs.openPreview, CommandIDs.runPipeline]) {
      palette?.addItem({ command, category: CATEGORY, args: { isPalette: true } });
    }
    const changed = (): void => {
      commands.notifyCommandChanged(CommandIDs.openPreview);
      commands.notifyCommandChanged(CommandIDs.runPipeline);
    };
    pipelines.currentChanged.connect(changed);
    if (restorer !== null) {
      void restorer.restore(tracker, {
        command: CommandIDs.openPreview,
        name: tab => String(tab.content.model.planId),
        args: tab => ({ plan: tab.content.model.planId, activate: false })
      });
    }
  }
};

function canRun(pipelines: IPipelineTracker): boolean {
  const { current } = pipelines;
  return current !== null && current.document.steps.size > 0 && !current.readOnly;
}
