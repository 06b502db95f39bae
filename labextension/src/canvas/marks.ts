/** The marks of states as paths in a box of 16 by 16: the forms of marks/mark.tsx, on the canvas. */

import type { IMark } from '../api/marks';
import type { ICanvasTokens } from './tokens';

interface IForm {
  readonly fill?: string;
  readonly line?: string;
  /** Drawn over the fill in the inverse colour. */
  readonly inverse?: string;
}

const CIRCLE = 'M13.5 8a5.5 5.5 0 1 1-11 0a5.5 5.5 0 1 1 11 0z';
const TRIANGLE = 'M8 2 14.5 13.5h-13z';

const FORMS: Partial<Record<string, IForm>> = {
  '○': { line: CIRCLE },
  '◐': { fill: 'M8 2.5a5.5 5.5 0 0 0 0 11z', line: CIRCLE },
  '●': { fill: CIRCLE, line: CIRCLE },
  '◆': { fill: 'M8 1.5 14.5 8 8 14.5 1.5 8z', line: 'M8 1.5 14.5 8 8 14.5 1.5 8z' },
  '✕': { fill: 'M15 8a7 7 0 1 1-14 0a7 7 0 1 1 14 0z', inverse: 'm5 5 6 6m0-6-6 6' },
  '⊘': { line: `${CIRCLE}m-1.300 -3.800-7.600 7.600` },
  '⊟': { line: 'M2.5 2.5h11v11h-11zM5 8h6' },
  '◌': { fill: CIRCLE, line: CIRCLE },
  '⚠': { fill: TRIANGLE, line: `${TRIANGLE}M8 6v3.5m0 1.6v.8` },
  '△': { fill: TRIANGLE, line: TRIANGLE }
};

const paths = new Map<string, Path2D>();

function path(text: string): Path2D {
  let found = paths.get(text);
  if (found === undefined) {
    found = new Path2D(text);
    paths.set(text, found);
  }
  return found;
}

/** Draw a mark with its upper left corner at a point. */
export function drawMark(
  context: CanvasRenderingContext2D,
  mark: IMark,
  tokens: ICanvasTokens,
  x: number,
  y: number,
  size = 12
): void {
  const form = FORMS[mark.glyph];
  if (form === undefined) {
    return;
  }
  context.save();
  context.translate(x, y);
  context.scale(size / 16, size / 16);
  if (form.fill !== undefined) {
    context.fillStyle = tokens.states[mark.token] ?? tokens.border;
    context.fill(path(form.fill));
  }
  if (form.line !== undefined) {
    context.strokeStyle = tokens.text;
    context.lineWidth = 1.5;
    context.stroke(path(form.line));
  }
  if (form.inverse !== undefined) {
    context.strokeStyle = tokens.inverse;
    context.lineWidth = 2;
    context.stroke(path(form.inverse));
  }
  context.restore();
}
