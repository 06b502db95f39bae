/** What the pointer is doing on the canvas, and where things are while it does. */

import type { IBox, IEdge, IPoint } from '../pipeline/document';
import { snapped } from '../pipeline/geometry';
import type { IPort } from '../pipeline/links';
import type { Hit } from './hits';

/** A frame or comment cannot be made smaller. */
const LEAST = { width: 80, height: 40 } as const;

export type State =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'pan';
      readonly last: IPoint;
      readonly hit: Hit | null;
      readonly moved: boolean;
    }
  | { readonly kind: 'map' }
  /** Pressed like a button. */
  | { readonly kind: 'button'; readonly hit: Hit; readonly start: IPoint }
  | {
      readonly kind: 'band';
      readonly start: IPoint;
      readonly end: IPoint;
      readonly kept: ReadonlySet<string>;
    }
  | {
      readonly kind: 'drag';
      readonly start: IPoint;
      readonly places: ReadonlyMap<string, IPoint>;
      readonly notes: readonly string[];
      readonly moved: boolean;
      /** What a press without a drag selects alone. */
      readonly alone: string | null;
      readonly shift: IPoint;
    }
  | { readonly kind: 'size'; readonly id: string; readonly start: IPoint; readonly shift: IPoint }
  | {
      readonly kind: 'link';
      readonly port: IPort;
      /** The link that is taken off its input. */
      readonly taken: IEdge | null;
      readonly start: IPoint;
      readonly at: IPoint;
      readonly over: IPort | null;
      readonly reason: string | null;
      readonly moved: boolean;
    };

export type Drag = State & { readonly kind: 'drag' };
export type Sizing = State & { readonly kind: 'size' };
export type Pulling = State & { readonly kind: 'link' };

/** The same where the canvas lies lower on the page by so many pixels: its own points lie higher. */
export function shifted(state: State, down: number): State {
  const up = ({ x, y }: IPoint): IPoint => ({ x, y: y - down });
  switch (state.kind) {
    case 'pan':
      return { ...state, last: up(state.last) };
    case 'button':
      return { ...state, start: up(state.start) };
    case 'band':
      return { ...state, start: up(state.start), end: up(state.end) };
    case 'link':
      return { ...state, start: up(state.start), at: up(state.at) };
    default:
      // These are in units of the drawing, which stays where it is on the page.
      return state;
  }
}

export function boxBetween(a: IPoint, b: IPoint): IBox {
  return {
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y)
  };
}

export function inside(at: IPoint, box: IBox): boolean {
  return at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height;
}

/** Whether all of the other lies within. */
export function covers(box: IBox, other: IBox): boolean {
  return (
    other.x >= box.x &&
    other.y >= box.y &&
    other.x + other.width <= box.x + box.width &&
    other.y + other.height <= box.y + box.height
  );
}

/** Whether they have anything in common. */
export function overlap(box: IBox, other: IBox): boolean {
  return (
    other.x < box.x + box.width &&
    box.x < other.x + other.width &&
    other.y < box.y + box.height &&
    box.y < other.y + other.height
  );
}

export function moved(places: ReadonlyMap<string, IPoint>, shift: IPoint): Map<string, IPoint> {
  return new Map([...places].map(([name, { x, y }]) => [name, { x: x + shift.x, y: y + shift.y }]));
}

/** The first thing lands on the grid; the others keep their distance from it. */
export function onGrid(state: Drag, shift: IPoint): IPoint {
  const [first] = state.places.values();
  return first === undefined
    ? { x: snapped(shift.x), y: snapped(shift.y) }
    : { x: snapped(first.x + shift.x) - first.x, y: snapped(first.y + shift.y) - first.y };
}

export function sized<T extends IBox>(box: T, shift: IPoint): T {
  return {
    ...box,
    width: Math.max(LEAST.width, box.width + shift.x),
    height: Math.max(LEAST.height, box.height + shift.y)
  };
}
