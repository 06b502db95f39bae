/** The drawing, read from JSON. It means nothing, so what is wrong in it is dropped silently. */

import type { IBox, IComment, IFrame, ILayout, IPoint } from './document';
import { FAR } from './geometry';
import type { Reader } from './reading';
import { without } from './reading';

export function readLayout(raw: unknown, reader: Reader): ILayout {
  const given =
    typeof raw === 'object' && raw !== null && !Array.isArray(raw)
      ? reader.table(raw, '')
      : new Map<string, unknown>();
  const steps = new Map<string, IPoint>();
  const positions = given.get('steps');
  if (typeof positions === 'object' && positions !== null) {
    for (const [name, at] of Object.entries(positions) as [string, unknown][]) {
      if (Array.isArray(at) && isNear(at[0]) && isNear(at[1])) {
        steps.set(name, { x: at[0], y: at[1] });
      }
    }
  }
  return {
    steps,
    frames: listed(given.get('frames')).flatMap(each => {
      const box = readBox(each);
      const id = each['id'];
      return box === null || typeof id !== 'string'
        ? []
        : [{ ...box, id, title: textOf(each['title']) } satisfies IFrame];
    }),
    comments: listed(given.get('comments')).flatMap(each => {
      const box = readBox(each);
      const id = each['id'];
      return box === null || typeof id !== 'string'
        ? []
        : [{ ...box, id, text: textOf(each['text']) } satisfies IComment];
    }),
    unknown: without(given, ['steps', 'frames', 'comments'])
  };
}

function listed(raw: unknown): Record<string, unknown>[] {
  return Array.isArray(raw)
    ? raw.filter(
        (each): each is Record<string, unknown> => typeof each === 'object' && each !== null
      )
    : [];
}

function readBox(each: Record<string, unknown>): IBox | null {
  const { x, y, width, height } = each;
  return isNear(x) && isNear(y) && isNear(width) && isNear(height) && width > 0 && height > 0
    ? { x, y, width, height }
    : null;
}

function isNear(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= FAR;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
