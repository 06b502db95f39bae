/** A result in one line for a paper or a notebook: what it is, and what made it. */

import type { Lineage, RunDetails } from '../api/runs';
import { getLineage, getRun } from '../api/runs';
import type { IApi } from '../tokens';
import { MOST } from './ask';
import type { LineageRun } from './graph';
import { graphOf, reachedFrom } from './graph';

/**
 * Ask for all that a citation states. What a graph on screen has is not enough: it may go the other
 * way, be a part of the whole, or not have its parameters yet.
 */
export async function cited(api: IApi, run: number): Promise<string> {
  const [details, ancestry] = await Promise.all([
    getRun(api, run),
    getLineage(api, run, { direction: 'up', limit: MOST, details: true })
  ]);
  return citationOf(details, ancestry);
}

/**
 * "positive_fraction v1 (commit 48088db0c1) · run 26 · … · figure_3.png sha256:… · with
 * gate_ploidy.dna_norm_max = 2.0 (ploidy_gate v1)": the parameters of its whole ancestry that
 * differ from their default or have none.
 */
export function citationOf(run: RunDetails, ancestry: Lineage): string {
  const graph = graphOf([ancestry]);
  const stated = new Set<string>();
  let read = 0;
  let missed = ancestry.truncated;
  for (const each of reachedFrom(run.run_id, [graph.sources])) {
    const source = graph.runs.get(each);
    if (source?.parameters === undefined) {
      missed = true;
      continue;
    }
    read++;
    for (const parameter of statedOf(source)) {
      stated.add(`${parameter} (${source.method} v${source.version})`);
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
    // Altered since, made from what was altered, or silent.
    run.state === run.status ? '' : run.said,
    `by ${run.created_by}`,
    `record ${run.uuid}`,
    ...run.outputs.map(({ path, checksum }) => `${path} sha256:${checksum}`),
    (missed ? `of the ${read} nearest runs alone: ` : '') +
      (stated.size === 0
        ? 'all parameters as by default'
        : `with ${[...stated].sort((a, b) => a.localeCompare(b)).join(', ')}`)
  ];
  return parts.filter(part => part !== '').join(' · ');
}

/** The values of a run that cannot be known from its version: changed ones, and those without a default. */
function statedOf(run: LineageRun): string[] {
  return (run.parameters ?? [])
    .filter(
      parameter => parameter.stated || (parameter.default === null && parameter.values.length > 0)
    )
    .map(({ function: owner, name, values }) => `${owner}.${name} = ${values.join(', ')}`);
}
