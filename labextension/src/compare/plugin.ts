/** Runs side by side. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { CommandIDs } from '../commands';
import { compareIcon } from '../icons';
import { IScreens } from '../tokens';
import type { ICompareArgs } from './tab';

export const comparePlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:compare',
  description: 'Runs side by side.',
  autoStart: true,
  requires: [IScreens],
  activate: (_: JupyterFrontEnd, screens: IScreens): void => {
    const { trans } = screens.here;
    screens.add<ICompareArgs>({
      command: CommandIDs.compare,
      namespace: 'pm-compare',
      label: trans.__('Compare Runs'),
      caption: trans.__('Parameters, inputs, metrics and results of runs side by side'),
      icon: compareIcon,
      properties: { runs: { type: 'array', items: { type: 'integer' } } },
      read: args => {
        const { runs: given, tab } = args;
        const runs = Array.isArray(given)
          ? given.filter((run): run is number => Number.isSafeInteger(run)).slice(0, 20)
          : [];
        return { runs, tab: typeof tab === 'string' ? tab : runs.join('-') };
      },
      id: args => args.tab,
      title: args => trans.__('Compare %1', args.runs.join(', ')),
      beside: trans.__(
        'What differs between the runs is marked. Add runs above, or choose them in a plan, in the list of runs, in a lineage or in Everything; a click on a run opens all that is recorded of it.'
      ),
      load: async () => (await import('./tab')).default
    });
  }
};
