/** The right panel: it follows what is selected in the pipeline in front. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILabShell } from '@jupyterlab/application';
import { Dialog, ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { IPropertyInspectorProvider } from '@jupyterlab/property-inspector';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { Widget } from '@lumino/widgets';
import React from 'react';

import type { IInput } from '../api/methods';
import { CommandIDs } from '../commands';
import { EditorDialog } from '../params/dialog';
import { setBinding } from '../pipeline/edits';
import { PipelineTab } from '../pipeline/tab';
import { Setting } from '../screen/setting';
import type { IPipelineModel } from '../tokens';
import { IApi, IPipelineTracker } from '../tokens';
import { DOMAIN } from '../translation';
import { chooseFile } from './choose_file';
import { RunChooser } from './runs';
import type { IInspectorActions } from './view';
import { Inspector } from './view';

export const inspectorPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:inspector',
  description: 'The right panel: the selected step, or the pipeline.',
  autoStart: true,
  requires: [IApi, IPipelineTracker],
  optional: [
    ITranslator,
    ILabShell,
    IPropertyInspectorProvider,
    IStateDB,
    IDefaultFileBrowser,
    ISettingRegistry
  ],
  activate: (
    app: JupyterFrontEnd,
    api: IApi,
    pipelines: IPipelineTracker,
    translator: ITranslator | null,
    labShell: ILabShell | null,
    provider: IPropertyInspectorProvider | null,
    state: IStateDB | null,
    browser: IDefaultFileBrowser | null,
    settings: ISettingRegistry | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);

    const chooseRun = async (model: IPipelineModel, step: string, input: IInput): Promise<void> => {
      const body = ReactWidget.create(
        <RunChooser
          api={api}
          catalogue={model.catalogue}
          input={input}
          onChoose={(run, output) => {
            model.commit(trans.__('take run %1', run.run_id), document =>
              setBinding(document, step, input.name, { kind: 'run', run: run.run_id, output })
            );
            dialog.resolve();
          }}
          trans={trans}
        />
      );
      body.addClass('pm-Editor');
      const dialog = new EditorDialog({
        title: trans.__('Data for %1 of %2', input.name, step),
        body,
        buttons: [Dialog.cancelButton({ label: trans.__('Close') })],
        hasClose: true,
        focusNodeSelector: '.pm-Editor input'
      });
      dialog.addClass('pm-EditorDialog');
      await dialog.launch();
    };

    const ofInput: Pick<CommandRegistry.ICommandOptions, 'describedBy' | 'isEnabled'> = {
      describedBy: {
        args: {
          type: 'object',
          required: ['step', 'input'],
          properties: {
            step: { type: 'string', description: trans.__('The step') },
            input: { type: 'string', description: trans.__('Its input') }
          }
        }
      },
      isEnabled: args => placeOf(pipelines.current, args) !== null
    };
    commands.addCommand(CommandIDs.chooseRun, {
      label: trans.__('Choose a Run as Input…'),
      caption: trans.__('Take the result of an earlier run as the input of a step'),
      ...ofInput,
      execute: async args => {
        const model = pipelines.current;
        const place = placeOf(model, args);
        if (model !== null && place !== null) {
          await chooseRun(model, place.step, place.input);
        }
      }
    });

    if (browser !== null) {
      commands.addCommand(CommandIDs.chooseFile, {
        label: trans.__('Choose a File as Input…'),
        caption: trans.__('Take a file of the file browser as the input of a step'),
        ...ofInput,
        execute: async args => {
          const model = pipelines.current;
          const place = placeOf(model, args);
          if (model !== null && place !== null) {
            const { step, input } = place;
            await chooseFile(browser, api, model, { step, input: input.name }, trans);
          }
        }
      });
    }

    // Asked for each time: other plugins add their commands after this one.
    const actions = (model: IPipelineModel): IInspectorActions => ({
      commands,
      chooseRun: (step, input) => void chooseRun(model, step, input),
      ...(commands.hasCommand(CommandIDs.editBranches)
        ? { editBranches: step => void commands.execute(CommandIDs.editBranches, { step }) }
        : {}),
      ...(commands.hasCommand(CommandIDs.editSamples)
        ? { editSamples: () => void commands.execute(CommandIDs.editSamples) }
        : {}),
      ...(commands.hasCommand(CommandIDs.openPreview)
        ? { openPreview: () => void commands.execute(CommandIDs.openPreview) }
        : {}),
      ...(commands.hasCommand(CommandIDs.runStep)
        ? {
            runStep: step =>
              void commands.execute(CommandIDs.runStep, {
                method: step.method,
                step: step.name,
                ...(step.version === 'latest' ? {} : { version: step.version })
              })
          }
        : {})
    });

    const opens = new Setting<boolean>(settings, 'pipeline', 'openInspector', [true, false]);
    /** The first selection opens the panel; whether it is open is then up to the person. */
    const openOnce = (model: IPipelineModel): void => {
      if (model.selection.size === 0 || labShell === null || provider === null || wasOpened) {
        return;
      }
      if (labShell.node.clientWidth < ROOMY) {
        // It would leave no room for the drawing.
        return;
      }
      wasOpened = true;
      void (async () => {
        await opens.ready;
        if (opens.value && (await state?.fetch(OPENED)) !== true) {
          await state?.save(OPENED, true);
          const focused = document.activeElement;
          labShell.activateById(PANEL);
          // What is typed next is meant for the drawing.
          if (focused instanceof HTMLElement) {
            focused.focus({ preventScroll: true });
          }
        }
      })();
    };
    let wasOpened = false;

    const known = new Set<Widget>();
    const attach = async (widget: Widget | null): Promise<void> => {
      if (!(widget instanceof PipelineTab) || provider === null) {
        return;
      }
      // The tab in front is being drawn anyway; what is hidden is left alone.
      const model = (await widget.ready)?.model;
      if (model === undefined || widget.isDisposed || known.has(widget)) {
        return;
      }
      known.add(widget);
      model.selectionChanged.connect(openOnce);
      const inspector = provider.register(widget);
      inspector.render(
        <UseSignal signal={model.selectionChanged}>
          {() => (
            <UseSignal signal={model.changed}>
              {() => (
                <UseSignal signal={model.checked}>
                  {() => (
                    <Inspector api={api} model={model} actions={actions(model)} trans={trans} />
                  )}
                </UseSignal>
              )}
            </UseSignal>
          )}
        </UseSignal>
      );
      widget.disposed.connect(() => {
        known.delete(widget);
        inspector.dispose();
      });
    };
    labShell?.currentChanged.connect((_, { newValue }) => {
      void attach(newValue);
    });
    pipelines.currentChanged.connect(() => {
      void attach(app.shell.currentWidget);
    });
  }
};

/** The Lab's panel, and where it is kept that it was opened once. */
const PANEL = 'jp-property-inspector';
const OPENED = 'pm-inspector:opened';

/** So wide a page has room for both side panels and a drawing between them, in pixels. */
const ROOMY = 1000;

/** The step and its input that a command names; null, there is no such. */
function placeOf(
  model: IPipelineModel | null,
  args: { readonly step?: unknown; readonly input?: unknown }
): { step: string; input: IInput } | null {
  const step = typeof args.step === 'string' ? model?.document.steps.get(args.step) : undefined;
  const version = step && model?.catalogue.resolve(step.method, step.version);
  const input = version?.declaration.inputs.find(each => each.name === args.input);
  return step === undefined || input === undefined ? null : { step: step.name, input };
}
