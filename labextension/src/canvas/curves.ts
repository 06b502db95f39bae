/** The curve of a link. */

import type { IPoint } from '../pipeline/document';

export interface ICurve {
  readonly from: IPoint;
  readonly a: IPoint;
  readonly b: IPoint;
  readonly to: IPoint;
}

export function curveOf(from: IPoint, to: IPoint): ICurve {
  const reach = Math.max(30, Math.min(160, Math.abs(to.x - from.x) / 2));
  return { from, a: { x: from.x + reach, y: from.y }, b: { x: to.x - reach, y: to.y }, to };
}

/** A point of the curve; `t` from 0 to 1. */
export function pointOn({ from, a, b, to }: ICurve, t: number): IPoint {
  const u = 1 - t;
  const [p, q, r, s] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return {
    x: p * from.x + q * a.x + r * b.x + s * to.x,
    y: p * from.y + q * a.y + r * b.y + s * to.y
  };
}

export function traceCurve(context: CanvasRenderingContext2D, curve: ICurve): void {
  const { from, a, b, to } = curve;
  context.moveTo(from.x, from.y);
  context.bezierCurveTo(a.x, a.y, b.x, b.y, to.x, to.y);
}
