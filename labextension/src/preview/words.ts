/** The numbers of a preview in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPreview } from '../api/drafts';

type Counts = IPreview['counts'];

/** What the button will do: "Run 20 new, reuse 6". */
export function runText(counts: Counts, trans: TranslationBundle): string {
  if (counts.total === 0) {
    return trans.__('Nothing to run');
  }
  if (counts.run === 0) {
    return trans.__('Reuse all %1', counts.reuse);
  }
  return counts.reuse === 0
    ? trans.__('Run %1 new', counts.run)
    : trans.__('Run %1 new, reuse %2', counts.run, counts.reuse);
}

/** "26 runs: 20 new, 6 reused". */
export function totalText(counts: Counts, trans: TranslationBundle): string {
  const parts = [
    trans.__('%1 new', counts.run),
    counts.reuse > 0 ? trans.__('%1 reused', counts.reuse) : '',
    counts.blocked > 0 ? trans.__('%1 cannot run', counts.blocked) : ''
  ].filter(part => part !== '');
  return `${trans._n('%1 run', '%1 runs', counts.total)}: ${parts.join(', ')}`;
}

/** How the number of runs comes about: "3 samples × gate 2 × filter 2 = 12 paths, 12 results". */
export function shapeText(preview: IPreview, trans: TranslationBundle): string {
  const samples = trans._n('%1 sample', '%1 samples', preview.samples);
  const forks = preview.branches.filter(each => each.branches > 1);
  const product = [samples, ...forks.map(each => `${each.axis} ${each.branches}`)].join(' × ');
  const paths = trans._n('%1 path', '%1 paths', preview.paths);
  const results = trans._n('%1 final result', '%1 final results', preview.final_results);
  return forks.length === 0 ? `${samples}, ${results}` : `${product} = ${paths}, ${results}`;
}

/** "Plan 12 started: 20 new, 6 reused". */
export function startedText(
  plan: number,
  counts: Counts | undefined,
  trans: TranslationBundle
): string {
  return counts === undefined
    ? trans.__('Plan %1 started', plan)
    : trans.__('Plan %1 started: %2 new, %3 reused', plan, counts.run, counts.reuse);
}
