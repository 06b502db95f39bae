/** How far the steps of a plan are, put together from what the server says of them. */

import type { StepCounts, StepLevels } from '../api/plans';
import type { IStepState, StepStates } from '../tokens';
import type { IPipeline } from './document';

export function statesOf(steps: StepCounts, levels: readonly StepLevels[] = []): StepStates {
  return new Map(
    steps.map(({ step, counts, started_at, finished_at, idle_seconds }): [string, IStepState] => {
      const runs = levels.find(each => each.step === step)?.runs ?? {};
      return [
        step,
        {
          counts,
          startedAt: started_at,
          finishedAt: finished_at,
          idle: idle_seconds,
          warned: runs['WARNING'] ?? 0,
          erred: Math.max(runs['ERROR'] ?? 0, runs['CRITICAL'] ?? 0)
        }
      ];
    })
  );
}

/** A pipeline with the versions that a plan of it has: what is the latest now may be a newer one. */
export function pinned(document: IPipeline, steps: StepCounts): IPipeline {
  const versions = new Map(steps.map(each => [each.step, each.version]));
  return {
    ...document,
    steps: new Map(
      [...document.steps].map(([name, step]) => [
        name,
        { ...step, version: versions.get(name) ?? step.version }
      ])
    )
  };
}
