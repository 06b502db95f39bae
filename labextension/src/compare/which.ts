/** Which of several runs of a method one is, in few words. */

import type { Run } from '../api/runs';

/** "field_01 · G0G1_wide". */
export function whichOf(run: Pick<Run, 'sample' | 'branch'> | undefined): string {
  return [run?.sample ?? '', run?.branch ?? ''].filter(word => word !== '').join(' · ');
}
