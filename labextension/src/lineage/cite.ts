/** A result in one line for a paper or a notebook: what it is, and what made it. */

import type { RunDetails } from '../api/runs';
import type { IGraph } from './graph';
import { changedOf, reachedFrom } from './graph';

/**
 * "positive_fraction v1 (commit 48088db0c1) · run 26 · … · figure_3.png sha256:… · with
 * gate_ploidy.dna_norm_max = 2.0 (ploidy_gate v1)": the parameters of its whole ancestry that
 * differ from their default.
 */
export function citationOf(run: RunDetails, graph: IGraph): string {
  const changed = new Set<string>();
  for (const each of reachedFrom(run.run_id, [graph.sources])) {
    const source = graph.runs.get(each);
    if (source !== undefined) {
      for (const parameter of changedOf(source)) {
        changed.add(`${parameter} (${source.method} v${source.version})`);
      }
    }
  }
  const parts = [
    `${run.method} v${run.version} (commit ${run.commit.slice(0, 10)})`,
    `run ${run.run_id}`,
    run.sample ?? '',
    run.branch,
    run.plan_id === null
      ? ''
      : `plan ${run.plan_id}${run.plan_name === null ? '' : ` “${run.plan_name}”`}`,
    run.finished_at === null
      ? run.status
      : `${run.status} ${new Date(run.finished_at).toISOString().slice(0, 19)}Z`,
    `by ${run.created_by}`,
    `record ${run.uuid}`,
    ...run.outputs.map(({ path, checksum }) => `${path} sha256:${checksum}`),
    changed.size === 0
      ? 'all parameters as by default'
      : `with ${[...changed].sort((a, b) => a.localeCompare(b)).join(', ')}`
  ];
  return parts.filter(part => part !== '').join(' · ');
}
