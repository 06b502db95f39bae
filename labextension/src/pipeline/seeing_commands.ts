/** Commands that show a drawing otherwise: another part of it, another step, its runs, its table. */

import { isDirection } from '../canvas/walking';
import { CommandIDs } from '../commands';
import type { IContext } from './acting';
import { current, editing, nothing, textOf } from './acting';
import type { IStep } from './document';
import { OtherCommands } from './others';

export function addSeeing(context: IContext): void {
  const { commands } = context.app;
  const { trans } = context;
  const edit = editing(context);
  edit(CommandIDs.fit, trans.__('Show Whole Pipeline'), {}, panel => {
    panel.canvas.viewport.showAll();
  });
  edit(CommandIDs.zoomToSelection, trans.__('Zoom to Selection'), {}, panel => {
    panel.canvas.viewport.zoomToSelection();
  });
  edit(CommandIDs.zoomIn, trans.__('Zoom In on Pipeline'), {}, panel => {
    panel.canvas.viewport.zoom(true);
  });
  const nexts: Record<string, string> = {
    left: trans.__('Select Step to the Left'),
    right: trans.__('Select Step to the Right'),
    up: trans.__('Select Step Above'),
    down: trans.__('Select Step Below')
  };
  commands.addCommand(CommandIDs.walk, {
    label: args => nexts[textOf(args['to'])] ?? trans.__('Select Next Step'),
    describedBy: { args: { type: 'object', properties: { to: { enum: Object.keys(nexts) } } } },
    isEnabled: () => current(context) !== null,
    execute: args => {
      const to = textOf(args['to']);
      if (isDirection(to)) {
        current(context)?.canvas.deeds.walk(to);
      }
    }
  });
  commands.addCommand(CommandIDs.walkNotes, {
    label: args =>
      args['back'] === true
        ? trans.__('Select Comment or Frame Before')
        : trans.__('Select Next Comment or Frame'),
    describedBy: { args: { type: 'object', properties: { back: { type: 'boolean' } } } },
    isEnabled: () => current(context) !== null,
    execute: args => {
      current(context)?.canvas.deeds.walkNotes(args['back'] === true);
    }
  });
  commands.addCommand(CommandIDs.runSelected, {
    label: trans.__('Run This Step Now…'),
    caption: trans.__('Run the method of the selected step with its values, without a plan'),
    describedBy: nothing(),
    isEnabled: () => selected(context) !== null,
    isVisible: () => commands.hasCommand(OtherCommands.runStep),
    execute: async () => {
      const step = selected(context);
      if (step !== null) {
        await commands.execute(OtherCommands.runStep, {
          method: step.method,
          ...(step.version === 'latest' ? {} : { version: step.version }),
          step: step.name
        });
      }
    }
  });
  commands.addCommand(CommandIDs.unfold, {
    label: trans.__('Show or Hide Runs of Step'),
    caption: trans.__('Unfold the selected step of the plan that is viewed into its runs'),
    describedBy: nothing(),
    isEnabled: () => (current(context)?.unfoldable ?? null) !== null,
    isVisible: () => (current(context)?.model.viewing ?? null) !== null,
    execute: () => {
      current(context)?.toggleRuns();
    }
  });
  edit(CommandIDs.zoomOut, trans.__('Zoom Out of Pipeline'), {}, panel => {
    panel.canvas.viewport.zoom(false);
  });
  commands.addCommand(CommandIDs.toggleTable, {
    label: trans.__('Show Step Table'),
    describedBy: nothing(),
    isToggleable: true,
    isToggled: () => current(context)?.isTableShown ?? false,
    isEnabled: () => current(context) !== null,
    execute: () => {
      const panel = current(context);
      if (panel !== null) {
        panel.isTableShown = !panel.isTableShown;
      }
    }
  });
}

/** The only selected step of the pipeline in front, where it has a method. */
function selected(context: IContext): IStep | null {
  const model = current(context)?.model;
  const [name, ...others] = model?.selection ?? [];
  const step = name === undefined ? undefined : model?.document.steps.get(name);
  return step === undefined || others.length > 0 || step.method === '' ? null : step;
}
