/** Commands that change what is drawn, and what is chosen in it. */

import { Clipboard, Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import { CommandIDs } from '../commands';
import type { IContext, INeeds } from './acting';
import { CHANGES, CHANGES_CHOSEN, current, editing, nothing, textOf } from './acting';
import type { PipelinePanel } from './panel';

export function addEditing(context: IContext): void {
  const { commands } = context.app;
  const { trans } = context;
  const edit = editing(context);
  commands.addCommand(CommandIDs.undoEdit, {
    label: () => {
      const name = current(context)?.model.undoName ?? null;
      return name === null ? trans.__('Undo') : trans.__('Undo: %1', name);
    },
    describedBy: nothing(),
    isEnabled: () => (current(context)?.model.undoName ?? null) !== null,
    execute: () => {
      current(context)?.model.undo();
    }
  });
  commands.addCommand(CommandIDs.redoEdit, {
    label: () => {
      const name = current(context)?.model.redoName ?? null;
      return name === null ? trans.__('Redo') : trans.__('Redo: %1', name);
    },
    describedBy: nothing(),
    isEnabled: () => (current(context)?.model.redoName ?? null) !== null,
    execute: () => {
      current(context)?.model.redo();
    }
  });
  const deletes: INeeds = { changes: true, chosen: 'link' };
  edit(CommandIDs.deleteSelection, trans.__('Delete'), deletes, panel => {
    panel.canvas.deeds.deleteSelection();
  });
  edit(CommandIDs.duplicateSelection, trans.__('Duplicate'), CHANGES_CHOSEN, panel => {
    panel.edits.duplicate();
  });
  edit(CommandIDs.copySelection, trans.__('Copy Steps'), { chosen: 'thing' }, panel => {
    const text = panel.edits.copy();
    if (text !== null) {
      Clipboard.copyToSystem(text);
    }
  });
  edit(CommandIDs.cutSelection, trans.__('Cut Steps'), CHANGES_CHOSEN, panel => {
    const text = panel.edits.cut();
    if (text !== null) {
      Clipboard.copyToSystem(text);
    }
  });
  edit(CommandIDs.pasteSteps, trans.__('Paste Steps'), CHANGES, async panel => {
    await pasteFromMenu(panel, trans);
  });
  edit(CommandIDs.selectAll, trans.__('Select All'), {}, panel => {
    const { steps, layout } = panel.model.document;
    panel.canvas.deeds.choose(
      steps.keys(),
      [...layout.frames, ...layout.comments].map(each => each.id)
    );
  });
  edit(CommandIDs.clearSelection, trans.__('Select Nothing'), {}, panel => {
    panel.canvas.deeds.cancel();
  });
  edit(CommandIDs.editTitle, trans.__('Change Title of Step'), CHANGES_CHOSEN, panel => {
    panel.canvas.deeds.editTitle();
  });
  edit(CommandIDs.addComment, trans.__('Add Comment'), CHANGES, panel => {
    panel.canvas.deeds.addComment();
  });
  edit(CommandIDs.addFrame, trans.__('Add Frame'), CHANGES, panel => {
    panel.canvas.deeds.addFrame();
  });
  // Where nothing can be moved the arrows walk.
  const far = { type: 'integer', description: trans.__('Steps of the grid') };
  const nudged = { dx: far, dy: far };
  edit(CommandIDs.nudge, trans.__('Move Selected Steps'), { args: nudged }, (panel, args) => {
    panel.canvas.deeds.nudge(Number(args['dx'] ?? 0), Number(args['dy'] ?? 0));
  });
  edit(CommandIDs.arrange, trans.__('Arrange Steps'), CHANGES, panel => {
    panel.edits.arrange();
  });
  const ways: Record<string, string> = {
    left: trans.__('Align Left'),
    right: trans.__('Align Right'),
    top: trans.__('Align at Top'),
    bottom: trans.__('Align at Bottom'),
    columns: trans.__('Distribute Horizontally'),
    rows: trans.__('Distribute Vertically')
  };
  commands.addCommand(CommandIDs.align, {
    label: args => ways[textOf(args['how'])] ?? trans.__('Align Steps'),
    describedBy: {
      args: { type: 'object', properties: { how: { enum: Object.keys(ways) } } }
    },
    isEnabled: () => {
      const model = current(context)?.model;
      return model?.readOnly === false && model.selection.size > 1;
    },
    execute: args => {
      current(context)?.edits.align(textOf(args['how']));
    }
  });
}

/** A key press hands the page what was copied; a menu has to ask the browser, which may refuse. */
async function pasteFromMenu(panel: PipelinePanel, trans: TranslationBundle): Promise<void> {
  let text: string;
  try {
    text = await navigator.clipboard.readText();
  } catch {
    Notification.warning(
      trans.__('The browser gives menus no clipboard here: press Ctrl+V in the drawing.')
    );
    return;
  }
  if (!panel.edits.paste(text)) {
    Notification.warning(
      trans.__('Nothing was pasted: what was copied last is no part of a pipeline.')
    );
  }
}
