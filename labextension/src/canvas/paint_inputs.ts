/** What feeds the inputs of a node that have no link: chips at its left edge. */

import { portAt } from '../pipeline/geometry';
import { NODE } from '../pipeline/geometry';
import type { Scene, StepNode } from './scene';
import { inputState } from './scene';
import type { Texts } from './texts';
import type { ICanvasTokens } from './tokens';
import type { Words } from './words';
import { chipText } from './words';

/** How wide a chip gets at most. */
const WIDEST = 110;

export function paintChips(
  context: CanvasRenderingContext2D,
  node: StepNode,
  scene: Scene,
  style: { tokens: ICanvasTokens; texts: Texts; words: Words; font: string }
): void {
  const { tokens, texts, words, font } = style;
  context.font = font;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  node.chips.clear();
  for (const name of node.form.inputs) {
    const binding = node.step.inputs.get(name);
    const state = inputState(node, name, scene.columns);
    const text =
      binding !== undefined
        ? chipText(binding, words)
        : state === 'column'
          ? `▤ ${name}`
          : state === 'missing' && !scene.isSnapshot
            ? words.chooseData
            : null;
    if (text === null) {
      continue;
    }
    const { y } = portAt(node.form, 'in', name);
    const fitted = texts.fitted(context, text, WIDEST);
    const wide = context.measureText(fitted).width + 14;
    node.chips.set(name, wide + NODE.padding);
    context.beginPath();
    context.roundRect(-NODE.padding - wide, y - 9, wide, 18, 9);
    context.fillStyle = tokens.node;
    context.fill();
    context.strokeStyle = state === 'missing' ? tokens.text : tokens.border;
    context.lineWidth = 1;
    context.setLineDash(state === 'missing' ? [3, 2] : []);
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = tokens.text;
    context.fillText(fitted, -NODE.padding - 7, y);
  }
}
