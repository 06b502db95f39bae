/** The whole database as one graph. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { CommandIDs } from '../commands';
import { lineageIcon } from '../icons';
import { IScreens } from '../tokens';
import type { EverythingArgs } from './tab';

export const everythingPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:everything',
  description: 'The whole database as one graph.',
  autoStart: true,
  requires: [IScreens],
  activate: (_: JupyterFrontEnd, screens: IScreens): void => {
    const { trans } = screens.here;
    screens.add<EverythingArgs>({
      command: CommandIDs.openEverything,
      namespace: 'pm-everything',
      label: trans.__('Open Everything'),
      caption: trans.__('All methods with their runs, and what reads what'),
      icon: lineageIcon,
      properties: {},
      // What a layout kept.
      read: args =>
        Object.fromEntries(
          (['sample', 'plan', 'since'] as const)
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
  }
};
