/** How large the things of the canvas are, in units of the canvas. */

import type { IVersion } from '../api/methods';
import { trackedParams } from './catalogue';
import type { IPoint, IStep } from './document';
import { branchValues } from './document';

export const NODE = {
  width: 220,
  radius: 6,
  band: 4,
  header: 28,
  port: 20,
  param: 18,
  footer: 28,
  padding: 10
} as const;

export const PORT = { radius: 5, hit: 24 } as const;
export const GRID = 20;
/** Between columns there is room for what stands at the left edge of a node: "choose data…". */
export const GAP = { column: 120, row: 40 } as const;

/** Parameters that a node shows at most; those that are set are always shown. */
const SHOWN_PARAMS = 4;

/** One line of a node: a parameter and what it will be. */
export interface IParamRow {
  readonly param: string;
  /** Canonical text; null where the code computes it. */
  readonly text: string | null;
  /** Whether it differs from what would arrive by itself. */
  readonly isSet: boolean;
  /** The values of the branches, where there are several. */
  readonly tried: readonly string[];
}

/** What is drawn in a node, from the top down. */
export interface IShape {
  readonly width: number;
  readonly height: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly params: readonly IParamRow[];
  /** Parameters that did not fit: "+4". */
  readonly more: number;
  readonly portsTop: number;
  readonly paramsTop: number;
}

const shapes = new WeakMap<IStep, { version: IVersion | undefined; shape: IShape }>();

/** The form of a step. Ports that the document uses and the version lacks are drawn too. */
export function shapeOf(step: IStep, version: IVersion | undefined): IShape {
  const known = shapes.get(step);
  if (known !== undefined && known.version === version) {
    return known.shape;
  }
  const shape = measured(step, version);
  shapes.set(step, { version, shape });
  return shape;
}

function measured(step: IStep, version: IVersion | undefined): IShape {
  const inputs = [
    ...new Set([
      ...(version?.declaration.inputs ?? []).map(each => each.name),
      ...step.inputs.keys()
    ])
  ];
  const outputs = (version?.declaration.outputs ?? []).map(each => each.name);
  const rows = paramRows(step, version);
  const wanted = rows.filter(row => row.isSet || row.tried.length > 0);
  const others = rows.filter(row => !row.isSet && row.tried.length === 0);
  const params = [...wanted, ...others.slice(0, Math.max(0, SHOWN_PARAMS - wanted.length))];
  const more = rows.length - params.length;
  const portsTop = NODE.band + NODE.header;
  const paramsTop = portsTop + Math.max(1, inputs.length, outputs.length) * NODE.port;
  const lines = params.length + (more > 0 ? 1 : 0);
  return {
    width: NODE.width,
    height: paramsTop + lines * NODE.param + NODE.footer,
    inputs,
    outputs,
    params,
    more,
    portsTop,
    paramsTop
  };
}

/** All parameters of a step: what the version tracks, then what is set and not tracked. */
export function paramRows(step: IStep, version: IVersion | undefined): IParamRow[] {
  const tracked = trackedParams(version);
  const strange = [...step.params.keys()].filter(name => !tracked.has(name));
  return [...tracked.keys(), ...strange].map(param => {
    const set = step.params.get(param);
    const tried = branchValues(step.branches, param);
    return {
      param,
      text: set ?? tracked.get(param)?.expected ?? null,
      isSet: set !== undefined,
      tried
    };
  });
}

/** Where a port is, from the upper left corner of its node. */
export function portAt(shape: IShape, side: 'in' | 'out', name: string): IPoint {
  const row = Math.max(0, (side === 'in' ? shape.inputs : shape.outputs).indexOf(name));
  return {
    x: side === 'in' ? 0 : shape.width,
    y: shape.portsTop + row * NODE.port + NODE.port / 2
  };
}

/** Farther out nothing is drawn: the engine's numbers are too coarse there. */
export const FAR = 1e6;

/** A place, or the nearest to it where something can be drawn. */
export function reachable({ x, y }: IPoint): IPoint {
  return { x: Math.max(-FAR, Math.min(FAR, x)), y: Math.max(-FAR, Math.min(FAR, y)) };
}

export function snapped(value: number): number {
  return Math.round(value / GRID) * GRID;
}
