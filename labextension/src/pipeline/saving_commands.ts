/** Commands that save a pipeline, or make a file of it. */

import { CommandIDs } from '../commands';
import { fileName, save } from '../screen/save';
import type { IContext } from './acting';
import { current, nothing } from './acting';
import { savePipeline } from './saving';

export function addSaving(context: IContext): void {
  const { commands } = context.app;
  const { trans } = context;
  const canSave = (): boolean => {
    const model = current(context)?.model;
    return model !== undefined && !model.newer && model.viewing === null;
  };
  commands.addCommand(CommandIDs.savePipeline, {
    label: trans.__('Save Pipeline'),
    describedBy: nothing(),
    isEnabled: canSave,
    execute: async () => {
      const panel = current(context);
      return panel !== null && savePipeline(panel.model, trans);
    }
  });
  commands.addCommand(CommandIDs.savePipelineAs, {
    label: trans.__('Save Pipeline As…'),
    describedBy: nothing(),
    isEnabled: canSave,
    execute: async () => {
      const panel = current(context);
      return panel !== null && savePipeline(panel.model, trans, { rename: true });
    }
  });
  commands.addCommand(CommandIDs.exportPipeline, {
    label: trans.__('Download Pipeline as File'),
    describedBy: nothing(),
    // Of what a newer program wrote the file would hold less.
    isEnabled: () => current(context)?.model.newer === false,
    execute: () => {
      const panel = current(context);
      if (panel?.model.newer === false) {
        const name = panel.model.name || 'pipeline';
        const blob = new Blob([panel.text()], { type: 'application/json' });
        save(`${fileName(name)}.json`, blob);
      }
    }
  });
}
