/** From a file to the run that made it: the file browser asks, wherever the file was copied to. */

import { Notification } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IMarks } from '../api/marks';
import type { Origin } from '../api/origin';
import { originOf } from '../api/origin';
import { CommandIDs } from '../commands';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import { markOf } from '../marks/mark';
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

/** What is known of a file that a run made, in sentences. */
export interface IFound {
  /** Which output of which run it is. */
  readonly is: string;
  /** Why it is no result to rely on; none, it is one. */
  readonly warnings: readonly string[];
  /** Who else made the same; none, nobody did. */
  readonly others: readonly string[];
}

/** What a file is; null, no run made it. */
export function foundOf(
  name: string,
  { made, place }: Origin,
  marks: IMarks,
  trans: TranslationBundle
): IFound | null {
  const [first, ...rest] = made;
  if (first === undefined) {
    return null;
  }
  const { run, output, path } = first;
  const warnings: string[] = [];
  if (place !== null && place.state !== 'recorded') {
    warnings.push(
      trans.__('It lies in the directory of run %1, which did not leave it so.', place.run_id)
    );
  }
  if (run.status !== 'completed') {
    const { said } = markOf(marks.run, run.state);
    warnings.push(trans.__('That run: %1. What it left behind is no result.', said));
  } else if (run.state === 'altered') {
    warnings.push(
      trans.__(
        'Files of run %1 were altered since it was recorded: `pm verify %1` says which.',
        run.run_id
      )
    );
  } else if (run.state === 'tainted') {
    const { said } = markOf(marks.run, run.state);
    warnings.push(trans.__('Run %1 rests on what is not as it was: %2.', run.run_id, said));
  }
  return {
    is: trans.__(
      '%1 is "%2" of run %3 · %4 v%5.',
      name,
      output ?? path,
      run.run_id,
      run.method,
      run.version
    ),
    warnings,
    others: othersOf(
      rest.map(each => each.run.run_id).filter(id => id !== run.run_id),
      trans
    )
  };
}

function othersOf(runs: readonly number[], trans: TranslationBundle): string[] {
  const others = [...new Set(runs)];
  if (others.length === 0) {
    return [];
  }
  const named = others.slice(0, NAMED).map(id => trans.__('run %1', id));
  const more = others.length - named.length;
  return [
    trans.__('The same content was made by %1.', named.join(', ')),
    ...(more > 0 ? [trans._n('And by %1 more.', 'And by %1 more.', more)] : [])
  ];
}

/** Open the lineage of the run that made a file, or say why there is none. */
export async function showOrigin(here: IHere, path: string): Promise<void> {
  const { commands, trans } = here;
  const name = path.split('/').pop() ?? path;
  try {
    const origin = await read(here, path, name);
    const [first] = origin.made;
    const found = foundOf(name, origin, here.marks, trans);
    if (first === undefined || found === null) {
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
    const { is, warnings, others } = found;
    if (warnings.length > 0) {
      // A note shows the beginning of a long text only, and goes away by itself.
      await showExplanation(
        {
          title: trans.__('This file is no result to rely on'),
          text: [is, ...warnings, ...others]
        },
        trans
      );
    } else {
      Notification.info([is, ...others].join(' '), { autoClose: 8_000 });
    }
    await commands.execute(CommandIDs.openLineage, { run: first.run.run_id });
  } catch (error) {
    await showExplanation(explained(error, trans), trans);
  }
}

/** Ask what a file is; where that takes long, it is said meanwhile, and no longer. */
async function read(here: IHere, path: string, name: string): Promise<Origin> {
  let saying = '';
  const reading = setTimeout(() => {
    saying = Notification.emit(here.trans.__('Reading %1…', name), 'in-progress', {
      autoClose: false
    });
  }, PATIENCE);
  try {
    await here.ready();
    return await originOf(here.api, path);
  } finally {
    clearTimeout(reading);
    if (saying !== '') {
      Notification.dismiss(saying);
    }
  }
}
