/** Runs side by side. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { CommandIDs } from '../commands';
import { compareIcon } from '../icons';
import { IScreens } from '../tokens';

export const comparePlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:compare',
  description: 'Runs side by side.',
  autoStart: true,
  requires: [IScreens],
  activate: (_: JupyterFrontEnd, screens: IScreens): void => {
    const { trans } = screens.here;
    screens.add<{ runs: number[] }>({
      command: CommandIDs.compare,
      namespace: 'pm-compare',
      label: trans.__('Compare Runs'),
      caption: trans.__('Parameters, inputs, metrics and results of runs side by side'),
      icon: compareIcon,
      properties: { runs: { type: 'array', items: { type: 'integer' } } },
      read: args => {
        const runs = args['runs'];
        return {
          runs: Array.isArray(runs)
            ? runs.filter((run): run is number => Number.isSafeInteger(run)).slice(0, 20)
            : []
        };
      },
      id: args => args.runs.join('-'),
      title: args => trans.__('Compare %1', args.runs.join(', ')),
      load: async () => (await import('./tab')).default
    });
  }
};
