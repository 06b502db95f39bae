/** What of a drawing is in view: panned, zoomed, fitted. */

import type { ILayout } from './layout';
import { NODE } from './layout';

export interface IView {
  x: number;
  y: number;
  zoom: number;
}

/** What of which drawing is in the middle of the room, however large that is. */
export interface IMiddle {
  /** The drawing: another direction, or alike runs together, is another one. */
  readonly of: string;
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** `readable`: below it nodes are too small for words. */
export const ZOOM = { least: 0.02, most: 2, readable: 0.35 };
export const MARGIN = 24;

export interface ISize {
  width: number;
  height: number;
}

/** How the words of a node are set, in the units of the drawing. */
export interface IWords {
  readonly size: number;
  /** From one line to the next. */
  readonly step: number;
  readonly lines: number;
  readonly letters: number;
  /** How large its mark is drawn. */
  readonly mark: number;
}

/** On screen, where nodes are small: fewer words instead of smaller ones. */
const SMALL = { below: 0.85, size: 10.5, step: 12, letter: 5.6, mark: 0.7 };

/** The words that fit a node at this zoom, readable; the same for zooms that are nearly the same. */
export function wordsAt(zoom: number): IWords {
  const near = Math.round(zoom * 20) / 20;
  return near >= SMALL.below
    ? { size: 12, step: 17, lines: 4, letters: 29, mark: 1 }
    : {
        size: SMALL.size / near,
        step: SMALL.step / near,
        lines: Math.min(4, Math.max(1, Math.floor((NODE.height * near) / SMALL.step))),
        letters: Math.floor((NODE.width * near - 14) / SMALL.letter),
        mark: SMALL.mark / near
      };
}

/** All of it, at most in its natural size. */
export function fitted(plan: ILayout, size: ISize): IView {
  const zoom = Math.max(
    ZOOM.least,
    Math.min(
      1,
      (size.width - 2 * MARGIN) / Math.max(1, plan.width),
      (size.height - 2 * MARGIN) / Math.max(1, plan.height)
    )
  );
  return {
    zoom,
    x: (size.width - plan.width * zoom) / 2,
    y: (size.height - plan.height * zoom) / 2
  };
}

/** All of it while that is readable; else the end with the run that was asked for. */
export function first(plan: ILayout, size: ISize, asked: number, small: boolean): IView {
  const whole = fitted(plan, size);
  if (whole.zoom >= ZOOM.readable || size.width === 0) {
    return whole;
  }
  const zoom = small ? ZOOM.readable : 0.6;
  const place = plan.places.get(asked) ?? { x: 0, y: 0 };
  const last = plan.width - NODE.width - place.x < 1;
  return {
    zoom,
    x: last ? size.width - MARGIN - (place.x + NODE.width) * zoom : MARGIN - place.x * zoom,
    y: size.height / 2 - (place.y + NODE.height / 2) * zoom
  };
}

/** What is in the middle of this view. */
export function middleOf(of: string, view: IView, size: ISize): IMiddle {
  return {
    of,
    x: (size.width / 2 - view.x) / view.zoom,
    y: (size.height / 2 - view.y) / view.zoom,
    zoom: view.zoom
  };
}

/** The view that has this in its middle. */
export function around({ x, y, zoom }: IMiddle, size: ISize): IView {
  return { zoom, x: size.width / 2 - x * zoom, y: size.height / 2 - y * zoom };
}

/** Read what a layout kept; what is of another kind is none. */
export function readMiddle(kept: unknown): IMiddle | null {
  if (typeof kept !== 'object' || kept === null) {
    return null;
  }
  const { of, x, y, zoom } = kept as Record<string, unknown>;
  return typeof of === 'string' &&
    typeof x === 'number' &&
    typeof y === 'number' &&
    typeof zoom === 'number' &&
    zoom >= ZOOM.least &&
    zoom <= ZOOM.most
    ? { of, x, y, zoom }
    : null;
}

export function zoomed(view: IView, by: number, at: { x: number; y: number }): IView {
  const zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, view.zoom * by));
  const ratio = zoom / view.zoom;
  return { zoom, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

/** The view moved just so far that a node is inside. */
export function broughtIn(view: IView, place: { x: number; y: number }, size: ISize): IView {
  const left = view.x + place.x * view.zoom;
  const top = view.y + place.y * view.zoom;
  const shift = (from: number, length: number, room: number): number =>
    from < MARGIN
      ? MARGIN - from
      : from + length > room - MARGIN
        ? room - MARGIN - from - length
        : 0;
  return {
    ...view,
    x: view.x + shift(left, NODE.width * view.zoom, size.width),
    y: view.y + shift(top, NODE.height * view.zoom, size.height)
  };
}

/** The runs whose nodes are, at least in part, inside the view. */
export function within(plan: ILayout, view: IView, size: ISize): number[] {
  const [left, top] = [-view.x / view.zoom, -view.y / view.zoom];
  const [right, bottom] = [left + size.width / view.zoom, top + size.height / view.zoom];
  return [...plan.places]
    .filter(
      ([, { x, y }]) =>
        x + NODE.width >= left && x <= right && y + NODE.height >= top && y <= bottom
    )
    .map(([run]) => run);
}
