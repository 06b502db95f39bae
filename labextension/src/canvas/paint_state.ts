/** How far a step of a viewed plan is: the foot of its node, and its colour from afar. */

import type { IMark } from '../api/marks';
import { ordered } from '../marks/bar';
import { markOf } from '../marks/mark';
import type { IBox } from '../pipeline/document';
import { NODE } from '../pipeline/geometry';
import type { IStepState } from '../tokens';
import { LOW } from './levels';
import { drawMark } from './marks';
import type { Scene, StepNode } from './scene';
import type { Texts } from './texts';
import type { ICanvasTokens } from './tokens';
import type { Words } from './words';
import { worstOf } from './words';

const BAR = 6;

interface IStyle {
  readonly tokens: ICanvasTokens;
  readonly texts: Texts;
  readonly words: Words;
  readonly marks: readonly IMark[];
  readonly plain: string;
  readonly bold: string;
}

/** A bar of segments, and above it "✕ 2 failed · 17 of 26 (6 reused)" with the time it took. */
export function paintProgress(
  context: CanvasRenderingContext2D,
  node: StepNode,
  state: IStepState,
  scale: number,
  style: IStyle
): void {
  const { tokens, marks } = style;
  const { width, height } = node.form;
  const segments = ordered({ ...state.counts });
  const total = segments.reduce((sum, [, count]) => sum + count, 0);
  let x = NODE.padding;
  for (const [name, count] of segments) {
    const wide = Math.max(1, ((width - 2 * NODE.padding) * count) / Math.max(1, total) - 1);
    context.fillStyle = tokens.states[markOf([...marks], name).token] ?? tokens.track;
    context.fillRect(x, height - BAR - 4, wide, BAR);
    x += wide + 1;
  }
  node.trouble = null;
  if (scale >= LOW) {
    words(context, node, state, style);
  }
}

function words(
  context: CanvasRenderingContext2D,
  node: StepNode,
  state: IStepState,
  { tokens, texts, words: said, marks, plain, bold }: IStyle
): void {
  const { width, height } = node.form;
  const y = height - NODE.footer + 8;
  const trouble = said.trouble(state.counts);
  const elapsed = said.elapsed(state);
  context.textBaseline = 'middle';
  context.font = plain;
  context.fillStyle = tokens.text;
  context.textAlign = 'right';
  context.fillText(elapsed, width - NODE.padding, y);
  const end = width - NODE.padding - context.measureText(elapsed).width - 8;
  let left = NODE.padding;
  const worst = worstOf(state.counts);
  if (worst !== null) {
    drawMark(context, markOf([...marks], worst), tokens, left, y - 6);
    left += 17;
  }
  context.textAlign = 'left';
  if (trouble !== '') {
    context.font = bold;
    context.fillStyle = tokens.strong;
    context.fillText(trouble, left, y);
    const wide = context.measureText(trouble).width;
    if ((state.counts['failed'] ?? 0) > 0) {
      // Pressed like a button, so it looks like a link.
      context.fillRect(left, y + 7, wide, 1);
      node.trouble = { left: NODE.padding, right: left + wide };
    }
    left += wide;
    context.font = plain;
    context.fillStyle = tokens.text;
    context.fillText(' · ', left, y);
    left += context.measureText(' · ').width;
  }
  context.fillText(texts.fitted(context, said.done(state.counts), end - left), left, y);
}

/** Warnings and errors in logs: marks with numbers, to the left of `right`; returns what is left. */
export function paintLevels(
  context: CanvasRenderingContext2D,
  node: StepNode,
  state: IStepState,
  right: number,
  { tokens, plain }: IStyle
): number {
  const middle = NODE.band + NODE.header / 2;
  let free = right;
  node.levels = null;
  for (const [count, glyph, token] of [
    [state.erred, '✕', 'error'],
    [state.warned, '⚠', 'warn']
  ] as const) {
    if (count > 0) {
      context.font = plain;
      context.fillStyle = tokens.text;
      context.textAlign = 'right';
      context.fillText(String(count), free, middle);
      free -= context.measureText(String(count)).width + 15;
      drawMark(context, { state: '', glyph, token, said: '' }, tokens, free, middle - 6);
      free -= 6;
      node.levels = { left: free, right };
    }
  }
  return free;
}

/** All nodes that are seen as rectangles in the colours of their states; a path per colour. */
export function paintFlat(
  context: CanvasRenderingContext2D,
  scene: Scene,
  seen: IBox,
  { tokens, marks }: { tokens: ICanvasTokens; marks: readonly IMark[] }
): void {
  const byColor = new Map<string, StepNode[]>();
  for (const node of scene.drawnOrder()) {
    const { left, top, wide, high, step } = node;
    if (
      left > seen.x + seen.width ||
      left + wide < seen.x ||
      top > seen.y + seen.height ||
      top + high < seen.y
    ) {
      continue;
    }
    const worst = worstOf(scene.states.get(step.name)?.counts);
    const color =
      worst !== null
        ? (tokens.states[markOf([...marks], worst).token] ?? tokens.link)
        : scene.problems.get(step.name) === 'error'
          ? tokens.error
          : tokens.link;
    const same = byColor.get(color);
    if (same === undefined) {
      byColor.set(color, [node]);
    } else {
      same.push(node);
    }
  }
  for (const [color, nodes] of byColor) {
    context.fillStyle = color;
    for (const { left, top, wide, high } of nodes) {
      context.fillRect(left, top, wide, high);
    }
  }
  context.strokeStyle = tokens.brand;
  context.lineWidth = 24;
  for (const name of scene.selection) {
    const box = scene.boxOf(name);
    if (box !== null) {
      context.strokeRect(box.x - 12, box.y - 12, box.width + 24, box.height + 24);
    }
  }
}
