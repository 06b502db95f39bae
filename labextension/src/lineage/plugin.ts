/** Lineage: how a result came to be. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';

import { CATEGORY, CommandIDs } from '../commands';
import { lineageIcon } from '../icons';
import { numberOf } from '../screen/screens';
import { IScreens } from '../tokens';
import type { Directions } from './ask';
import type { ILineageArgs } from './look';
import { onDisk, showOrigin } from './origin';

export const lineagePlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:lineage',
  description: 'How a result came to be, and what was made of it.',
  autoStart: true,
  requires: [IScreens],
  optional: [IFileBrowserFactory, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    screens: IScreens,
    browsers: IFileBrowserFactory | null,
    palette: ICommandPalette | null
  ): void => {
    const { trans } = screens.here;
    screens.add<ILineageArgs>({
      command: CommandIDs.openLineage,
      namespace: 'pm-lineage',
      label: trans.__('Open Lineage…'),
      caption: trans.__('How a run was made, and what was made of it'),
      icon: lineageIcon,
      properties: {
        run: { type: 'integer', description: trans.__('The number of the run') },
        direction: { enum: ['up', 'down', 'both'] },
        look: { type: 'string', description: trans.__('How it is looked at, as a layout keeps it') }
      },
      read: args => {
        const run = numberOf(args, 'run');
        const { direction, look } = args;
        return run === null
          ? null
          : {
              run,
              direction: directionOf(direction),
              ...(typeof look === 'string' ? { look } : {})
            };
      },
      ask: async () => {
        const { value } = await InputDialog.getNumber({
          title: trans.__('The lineage of which run?'),
          label: trans.__('Number of the run')
        });
        return value !== null && Number.isSafeInteger(value) && value > 0
          ? { run: value, direction: 'up' }
          : null;
      },
      id: args => String(args.run),
      title: args => trans.__('Lineage %1', args.run),
      beside: trans.__(
        'The run that is selected in the graph stands beside it, with all that is recorded of it. Select two or more with Ctrl or Shift to compare them.'
      ),
      load: async () => (await import('./tab')).default
    });
    addOrigin(app, screens, browsers);
    palette?.addItem({
      command: CommandIDs.showOrigin,
      category: CATEGORY,
      args: { isPalette: true }
    });
  }
};

/** The command of the file browser's context menu: how was this made? */
function addOrigin(
  app: JupyterFrontEnd,
  { here }: IScreens,
  browsers: IFileBrowserFactory | null
): void {
  const { contents } = app.serviceManager;
  const { trans } = here;
  /** The one file that is selected; null, there is none, or not on the server's disk. */
  const selected = (): string | null => {
    const [file, ...others] = browsers?.tracker.currentWidget?.selectedItems() ?? [];
    return file === undefined || others.length > 0 || file.type === 'directory'
      ? null
      : onDisk(contents, file.path);
  };
  app.commands.addCommand(CommandIDs.showOrigin, {
    label: args =>
      args['isPalette'] === true
        ? trans.__('Show How the Selected File Was Made')
        : trans.__('Show How It Was Made'),
    caption: trans.__('Find the run that made this file, by its content, and open its lineage'),
    icon: lineageIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: { type: 'string', description: trans.__('The path, as the file browser names it') }
        }
      }
    },
    isVisible: args => typeof args['path'] === 'string' || selected() !== null,
    execute: async args => {
      const path = typeof args['path'] === 'string' ? args['path'] : selected();
      if (path !== null) {
        await showOrigin(here, path);
      }
    }
  });
}

function directionOf(value: unknown): Directions {
  return value === 'down' || value === 'both' ? value : 'up';
}
