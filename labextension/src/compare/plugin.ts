/** Runs side by side. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { CommandIDs } from '../commands';
import { compareIcon } from '../icons';
import { MOST } from '../screen/choosing';
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
      read: readCompare,
      id: args => args.tab,
      title: args => trans.__('Compare %1', args.runs.join(', ')),
      beside: trans.__(
        'What differs between the runs is marked. Add runs above, or choose them in a plan, in the list of runs, in a lineage or in Everything; a click on a run opens all that is recorded of it.'
      ),
      load: async () => (await import('./tab')).default
    });
  }
};

/** What the command is to compare; of more runs than are compared at once, how many there were. */
export function readCompare(args: ReadonlyPartialJSONObject): ICompareArgs {
  const { runs: given, tab, chosen } = args;
  const all = Array.isArray(given)
    ? given.filter((run): run is number => Number.isSafeInteger(run))
    : [];
  const runs = all.slice(0, MOST);
  return {
    runs,
    tab: typeof tab === 'string' ? tab : runs.join('-'),
    chosen: Math.max(all.length, typeof chosen === 'number' ? chosen : 0)
  };
}
