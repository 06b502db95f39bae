/** What a draft asks for beyond its pipeline, changed in one place. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt } from '@lumino/coreutils';
import type { ReadonlyPartialJSONValue } from '@lumino/coreutils';

import type { IPlanPart, IPlanRequest } from '../pipeline/document';
import { SAMPLE } from '../pipeline/document';

/** Part of the run tree: sample, columns or steps to their values. */
export type Point = Readonly<Record<string, string>>;

/** What is asked for again at once: part of the tree, or single planned runs by their keys. */
export type Again = IPlanPart | readonly string[];

/** What of a request is chosen in its preview. */
const WISHES: ReadonlySet<string> = new Set(['excluded', 'rerun']);

/** The same request with something asked for again, or no longer. */
export function withAgain(request: IPlanRequest, what: Again, again: boolean): IPlanRequest {
  const rerun = request.rerun ?? {};
  if (isKeys(what)) {
    const some = new Set(what);
    const others = (rerun.keys ?? []).filter(key => !some.has(key));
    return { ...request, rerun: { ...rerun, keys: again ? [...others, ...what] : others } };
  }
  const others = (rerun.parts ?? []).filter(each => partKey(each) !== partKey(what));
  return { ...request, rerun: { ...rerun, parts: again ? [...others, what] : others } };
}

/** What a request asks for again; what lies below runs too, without being asked for. */
export class Asked {
  constructor({ rerun = {} }: IPlanRequest) {
    this._keys = new Set(rerun.keys);
    this._parts = new Set(rerun.parts?.map(partKey));
  }

  /** Whether just this was asked for. */
  has(what: Again): boolean {
    return isKeys(what)
      ? what.length > 0 && what.every(key => this._keys.has(key))
      : this._parts.has(partKey(what));
  }

  private readonly _keys: ReadonlySet<string>;
  private readonly _parts: ReadonlySet<string>;
}

/** The part of the tree at a place that belongs to a sample; null, no sample tells it apart. */
export function partAt(point: Point): IPlanPart | null {
  const { [SAMPLE]: sample, ...branch } = point;
  if (sample === undefined) {
    return null;
  }
  return Object.keys(branch).length === 0 ? { sample } : { sample, branch };
}

/** A part in words: `step gate, sample s1, filter k=5`. */
export function partText(part: IPlanPart, trans: TranslationBundle): string {
  const { step, sample, branch } = part;
  return [
    step === undefined ? '' : trans.__('step %1', step),
    sample === undefined ? '' : trans.__('sample %1', sample),
    typeof branch === 'string' ? trans.__('branch %1', branch) : '',
    typeof branch === 'object' ? pointText(branch) : ''
  ]
    .filter(text => text !== '')
    .join(', ');
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

/**
 * What is drawn with what another request skips and runs again.
 *
 * Samples and branches are chosen in the drawing, and stay as they are there.
 */
export function withWishesOf(drawn: IPlanRequest, other: IPlanRequest): IPlanRequest {
  const same =
    equal(drawn.excluded ?? [], other.excluded ?? []) &&
    equal(wished(drawn.rerun), wished(other.rerun));
  if (same) {
    return drawn;
  }
  const rest = Object.entries(drawn).filter(([name]) => !WISHES.has(name));
  const wishes = Object.entries(other).filter(([name]) => WISHES.has(name));
  return Object.fromEntries([...rest, ...wishes]);
}

/** A point in words: `sample s1, gate k=5`; a database does not keep the order of names. */
export function pointText(point: Point): string {
  return Object.entries(point)
    .sort(([a], [b]) => Number(b === SAMPLE) - Number(a === SAMPLE))
    .map(([axis, value]) => `${axis} ${value}`)
    .join(', ');
}

/** What is really asked for again: an empty list and a no ask for nothing. */
function wished(rerun: IPlanRequest['rerun'] = {}): object {
  return Object.fromEntries(
    Object.entries(rerun).filter(([, what]) => (Array.isArray(what) ? what.length > 0 : what))
  );
}

function equal(a: object, b: object): boolean {
  return JSONExt.deepEqual(a as ReadonlyPartialJSONValue, b as ReadonlyPartialJSONValue);
}

function isKeys(what: Again): what is readonly string[] {
  return Array.isArray(what);
}

/** Equal for equal parts; a database does not keep the order of names. */
function partKey({ step, sample, branch }: IPlanPart): string {
  const table = typeof branch === 'object' ? Object.entries(branch).sort() : (branch ?? null);
  return JSON.stringify([step ?? null, sample ?? null, table]);
}

function samePoint(a: Point, b: Point): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name]);
}

function toggled(list: readonly string[], item: string, present: boolean): readonly string[] {
  const others = list.filter(each => each !== item);
  return present ? [...others, item] : others;
}
