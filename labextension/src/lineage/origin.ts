/** From a file to the run that made it: the file browser asks, wherever the file was copied to. */

import { Notification } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Origin } from '../api/origin';
import { originOf } from '../api/origin';
import { CommandIDs } from '../commands';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import type { IHere } from '../screen/here';

/** Milliseconds after which it is said that a file is being read. */
const PATIENCE = 1_000;
/** Other runs with the same content that are named. */
const NAMED = 5;

/**
 * The path of a file on the server's disk; null, it is somewhere else.
 *
 * @param contents - knows the drives that files can be on; that of a shared document is the disk
 */
export function onDisk(
  contents: Pick<Contents.IManager, 'driveName' | 'localPath'>,
  path: string
): string | null {
  const drive = contents.driveName(path);
  return drive === '' || drive === 'RTC' ? contents.localPath(path) : null;
}

/** What a file is and who else made the same, in words. */
export function foundText(name: string, { made, place }: Origin, trans: TranslationBundle): string {
  const [first, ...rest] = made;
  if (first === undefined) {
    return '';
  }
  const { run, output, path } = first;
  const told = [
    trans.__(
      '%1 is "%2" of run %3 · %4 v%5.',
      name,
      output ?? path,
      run.run_id,
      run.method,
      run.version
    )
  ];
  if (place !== null && place.state !== 'recorded') {
    told.push(
      trans.__('It lies in the directory of run %1, which did not leave it so.', place.run_id)
    );
  }
  if (run.status !== 'completed') {
    told.push(trans.__('That run is %1: what it left behind is no result.', run.status));
  }
  const others = [...new Set(rest.map(each => each.run.run_id))].filter(id => id !== run.run_id);
  if (others.length > 0) {
    const named = others.slice(0, NAMED).map(id => trans.__('run %1', id));
    const more = others.length - named.length;
    told.push(
      trans.__('The same content was made by %1.', named.join(', ')) +
        (more > 0 ? ` ${trans._n('And by %1 more.', 'And by %1 more.', more)}` : '')
    );
  }
  return told.join(' ');
}

/** Open the lineage of the run that made a file, or say why there is none. */
export async function showOrigin(here: IHere, path: string): Promise<void> {
  const { api, commands, trans } = here;
  const name = path.split('/').pop() ?? path;
  let saying = '';
  const reading = setTimeout(() => {
    saying = Notification.emit(trans.__('Reading %1…', name), 'in-progress', { autoClose: false });
  }, PATIENCE);
  try {
    await here.ready();
    const origin = await originOf(api, path);
    const [first] = origin.made;
    if (first === undefined) {
      const { message, hint } = origin.missing ?? { message: '', hint: null };
      await showExplanation(
        {
          title: trans.__('No run made this file as it is'),
          text: [message, ...(hint === null ? [] : [hint])]
        },
        trans
      );
      return;
    }
    Notification.info(foundText(name, origin, trans), { autoClose: 8_000 });
    await commands.execute(CommandIDs.openLineage, { run: first.run.run_id });
  } catch (error) {
    await showExplanation(explained(error, trans), trans);
  } finally {
    clearTimeout(reading);
    if (saying !== '') {
      Notification.dismiss(saying);
    }
  }
}
