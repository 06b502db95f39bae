/** What the commands of the pipelines that are drawn have in common: what they act on, and when. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { IApi } from '../tokens';
import type { PipelinePanel } from './panel';
import type { ITabArgs, PipelineTab } from './tab';

export interface IContext {
  app: JupyterFrontEnd;
  api: IApi;
  tabs: WidgetTracker<PipelineTab>;
  open: (args: ITabArgs, activate: boolean) => PipelineTab;
  /** The key of a tab in which an unsaved drawing may be opened. */
  keyFor: (drawing: string) => Promise<string>;
  trans: TranslationBundle;
}

export type Args = ReadonlyPartialJSONObject;

/** The pipeline in front of everything else. */
export function current({ app, tabs }: IContext): PipelinePanel | null {
  const tab = tabs.currentWidget;
  return tab !== null && app.shell.currentWidget === tab ? tab.panel : null;
}

/** What a command asks of the pipeline in front; without it, it is not offered. */
export interface INeeds {
  /** It can be changed: it is no plan that is looked at. */
  readonly changes?: boolean;
  /** Something is chosen in it; `link`, be it a link. */
  readonly chosen?: 'thing' | 'link';
  /** What the command can be given. */
  readonly args?: ReadonlyJSONObject;
}

export const CHANGES: INeeds = { changes: true };
export const CHANGES_CHOSEN: INeeds = { changes: true, chosen: 'thing' };

function has(panel: PipelinePanel | null, { changes = false, chosen }: INeeds): boolean {
  return (
    panel !== null &&
    !(changes && panel.model.readOnly) &&
    (chosen === undefined ||
      panel.edits.isAnythingMeant ||
      (chosen === 'link' && panel.canvas.scene.edge !== null))
  );
}

/** Whether a command is asked for by a key, as Lumino says it in the arguments. */
function isByKey({ _luminoEvent: event }: Args): boolean {
  return typeof event === 'object' && event !== null && 'type' in event
    ? event.type === 'keybinding'
    : false;
}

/** Adds a command that acts on the pipeline in front. */
export function editing(
  context: IContext
): (
  id: string,
  label: string,
  needs: INeeds,
  run: (panel: PipelinePanel, args: Args) => void | Promise<void>
) => void {
  return (id, label, needs, run) => {
    context.app.commands.addCommand(id, {
      label,
      describedBy: { args: { type: 'object', properties: needs.args ?? {} } },
      // Of a key that has nothing to act on nobody need be warned in the console.
      isEnabled: args => has(current(context), isByKey(args) ? {} : needs),
      execute: async args => {
        const panel = current(context);
        if (panel !== null && (!isByKey(args) || has(panel, needs))) {
          await run(panel, args);
        }
      }
    });
  };
}

/** Of a command that takes nothing. */
export function nothing(): { args: ReadonlyJSONObject } {
  return { args: { type: 'object', properties: {} } };
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
