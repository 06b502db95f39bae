/** Completed runs whose results fit an input. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IInput, IOutput } from '../api/methods';
import type { Run } from '../api/runs';
import { listRuns } from '../api/runs';
import type { IApi } from '../tokens';
import type { ICatalogue } from './catalogue';
import { misfitOf } from './links';

/** So many that fit are enough for a look. */
const WANTED = 30;
/** Runs in one answer, and answers of one look: who wants to see older ones says so. */
const PAGE = 100;
const PAGES = 10;

/** A run, and those of its outputs that fit. */
export interface IFitting {
  readonly run: Run;
  readonly outputs: readonly IOutput[];
}

/** What was found, newest first, among so many runs; `before`, where to go on: null, there are no more. */
export interface IFound {
  readonly fitting: readonly IFitting[];
  readonly lookedAt: number;
  readonly before: number | null;
}

/**
 * Look for completed runs that could feed an input.
 *
 * Whether a run fits is known only here, so it is asked for older ones until enough do.
 */
export async function fittingRuns(
  api: IApi,
  catalogue: ICatalogue,
  input: IInput,
  trans: TranslationBundle,
  where: { sample?: string; before?: number | null } = {}
): Promise<IFound> {
  const { sample = '' } = where;
  const fitting: IFitting[] = [];
  let before = where.before ?? null;
  let lookedAt = 0;
  for (let page = 0; page < PAGES && fitting.length < WANTED; page++) {
    const found = await listRuns(api, {
      status: ['completed'],
      limit: PAGE,
      ...(input.module === null ? {} : { module: input.module }),
      ...(sample === '' ? {} : { sample }),
      ...(before === null ? {} : { before })
    });
    // What an older version made is not judged by what the latest makes.
    await Promise.all(found.runs.map(run => catalogue.fetched(run.method, run.version)));
    for (const run of found.runs) {
      const outputs = outputsOf(run, input, catalogue, trans);
      if (outputs.length > 0) {
        fitting.push({ run, outputs });
      }
    }
    lookedAt += found.runs.length;
    before = found.before;
    if (before === null) {
      break;
    }
  }
  return { fitting, lookedAt, before };
}

/** What fits of what a run's version declares; where that cannot be had, of what the latest does. */
function outputsOf(
  run: Run,
  input: IInput,
  catalogue: ICatalogue,
  trans: TranslationBundle
): IOutput[] {
  const version =
    catalogue.resolve(run.method, run.version) ?? catalogue.resolve(run.method, 'latest');
  const outputs = version?.declaration.outputs ?? [];
  return outputs.filter(output => misfitOf(output, version, input, trans) === null);
}
