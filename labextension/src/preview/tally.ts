/** How many runs stand below a row of the run tree, and what happens to them. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { PlanTreeNode } from '../api/preview';

export interface ITally {
  run: number;
  reuse: number;
  blocked: number;
}

/** How many runs stand below a node. */
export function tally(node: PlanTreeNode): ITally {
  const numbers = { run: 0, reuse: 0, blocked: 0 };
  for (const run of node.runs) {
    numbers[run.action]++;
  }
  for (const below of node.children.map(tally)) {
    numbers.run += below.run;
    numbers.reuse += below.reuse;
    numbers.blocked += below.blocked;
  }
  return numbers;
}

export function tallyText(numbers: ITally, trans: TranslationBundle): string {
  return [
    numbers.run > 0 ? trans.__('%1 new', numbers.run) : '',
    numbers.reuse > 0 ? trans.__('%1 reused', numbers.reuse) : '',
    numbers.blocked > 0 ? trans.__('%1 cannot run', numbers.blocked) : ''
  ]
    .filter(part => part !== '')
    .join(', ');
}
