/** The numbers of a preview in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPreview } from '../api/drafts';
import type { PreviewWithTree } from '../api/preview';

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

/** "about 2 h of work, at least 20 min on many processors", from how long earlier runs took. */
export function timeText({ estimate }: PreviewWithTree, trans: TranslationBundle): string {
  const unknown = estimate.unknown_methods.join(', ');
  if (unknown !== '' && estimate.work_seconds === 0) {
    return trans.__('how long it takes is not known yet: %1 never ran', unknown);
  }
  const work = durationText(estimate.work_seconds, trans);
  const longest = durationText(estimate.longest_seconds, trans);
  const told =
    work === longest
      ? trans.__('about %1 of work', work)
      : trans.__('about %1 of work, at least %2 on many processors', work, longest);
  const documented = estimate.documented_methods.join(', ');
  const said =
    documented === '' ? told : trans.__('%1, %2 from its workflow document', told, documented);
  return unknown === '' ? said : trans.__('%1, not counting %2, which never ran', said, unknown);
}

/** "0.4 s", "42 s", "12 min", "2 h 5 min": no more digits than an estimate has. */
export function durationText(seconds: number, trans: TranslationBundle): string {
  if (seconds < 60) {
    return trans.__('%1 s', seconds < 10 ? seconds.toFixed(1) : Math.round(seconds));
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? trans.__('%1 min', minutes)
    : trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
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
