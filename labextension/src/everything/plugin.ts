/** The whole database as one graph. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';

import { CATEGORY, CommandIDs } from '../commands';
import { lineageIcon } from '../icons';
import { IScreens } from '../tokens';
import type { EverythingArgs } from './look';

export const everythingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:everything',
  description: 'The whole database as one graph.',
  autoStart: true,
  requires: [IScreens],
  optional: [ILauncher],
  activate: (_: JupyterFrontEnd, screens: IScreens, launcher: ILauncher | null): void => {
    const { trans } = screens.here;
    screens.add<EverythingArgs>({
      command: CommandIDs.openEverything,
      namespace: 'pm-everything',
      label: trans.__('Open Everything'),
      caption: trans.__('All methods with their runs, and what reads what'),
      tile: trans.__('Everything'),
      icon: lineageIcon,
      properties: {},
      // What a layout kept.
      read: args =>
        Object.fromEntries(
          (['sample', 'plan', 'since', 'look'] as const)
            .map(name => [name, args[name]] as const)
            .filter(([, text]) => typeof text === 'string')
        ),
      id: () => 'all',
      title: () => trans.__('Everything'),
      beside: trans.__(
        'Unfold a method and choose a run to see here what it made and how. Choose two or more to compare them.'
      ),
      load: async () => (await import('./tab')).default
    });
    launcher?.add({
      command: CommandIDs.openEverything,
      category: CATEGORY,
      args: { isLauncher: true },
      rank: 2
    });
  }
};
