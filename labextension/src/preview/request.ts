/** What a draft asks for beyond its pipeline, changed in one place. */

import type { IPlanRequest } from '../pipeline/document';
import { SAMPLE } from '../pipeline/document';

/** Part of the run tree: sample, columns or steps to their values. */
export type Point = Readonly<Record<string, string>>;

/** The same request with a planned run asked for again, or no longer. */
export function withKeyAgain(request: IPlanRequest, key: string, again: boolean): IPlanRequest {
  const rerun = request.rerun ?? {};
  return { ...request, rerun: { ...rerun, keys: toggled(rerun.keys ?? [], key, again) } };
}

/** The same request with all of a step asked for again, or no longer. */
export function withStepAgain(request: IPlanRequest, step: string, again: boolean): IPlanRequest {
  const rerun = request.rerun ?? {};
  return { ...request, rerun: { ...rerun, steps: toggled(rerun.steps ?? [], step, again) } };
}

/** The same request with everything asked for again, or no longer. */
export function withAllAgain(request: IPlanRequest, again: boolean): IPlanRequest {
  return { ...request, rerun: { ...request.rerun, all: again } };
}

/** The same request with part of the tree left out, or taken in again. */
export function withSkipped(request: IPlanRequest, point: Point, skipped: boolean): IPlanRequest {
  const others = (request.excluded ?? []).filter(each => !samePoint(each, point));
  return { ...request, excluded: skipped ? [...others, point] : others };
}

/** A point in words: `sample s1, gate k=5`; a database does not keep the order of names. */
export function pointText(point: Point): string {
  return Object.entries(point)
    .sort(([a], [b]) => Number(b === SAMPLE) - Number(a === SAMPLE))
    .map(([axis, value]) => `${axis} ${value}`)
    .join(', ');
}

function samePoint(a: Point, b: Point): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name]);
}

function toggled(list: readonly string[], item: string, present: boolean): readonly string[] {
  const others = list.filter(each => each !== item);
  return present ? [...others, item] : others;
}
