/** How a node looks. */

import type { IMark } from '../api/marks';
import type { IBox } from '../pipeline/document';
import { branchCount, titleOf } from '../pipeline/document';
import { NODE, PORT, portAt } from '../pipeline/geometry';
import { LOW } from './levels';
import { drawMark } from './marks';
import { paintChips } from './paint_inputs';
import { paintFlat, paintLevels, paintProgress } from './paint_state';
import type { Scene, StepNode } from './scene';
import { inputState } from './scene';
import { Texts } from './texts';
import type { ICanvasTokens } from './tokens';
import { moduleColor } from './tokens';
import type { Words } from './words';
import { shortName, valueText } from './words';

const PORT_NAMES = 0.5;

export class NodePainter {
  constructor(
    private readonly _tokens: ICanvasTokens,
    private readonly _words: Words
  ) {
    const { font, code, size, titleSize } = _tokens;
    this._title = `600 ${titleSize}px ${font}`;
    this._plain = `${size}px ${font}`;
    this._strong = `600 ${size}px ${font}`;
    this._code = `${size}px ${code}`;
    this._bold = `600 ${size}px ${code}`;
  }

  /** Draw with the node's upper left corner at the origin. */
  paint(
    context: CanvasRenderingContext2D,
    node: StepNode,
    scene: Scene,
    scale: number,
    marks: readonly IMark[]
  ): void {
    const state = scene.states.get(node.step.name);
    const problem = scene.problems.get(node.step.name);
    const selected = scene.selection.has(node.step.name);
    const failed = (state?.counts['failed'] ?? 0) > 0 || problem === 'error';
    this._box(context, node, failed, selected);
    this._header(context, node, scene, scale);
    if (scale >= LOW) {
      this._ports(context, node, scene, scale);
      this._params(context, node);
      paintChips(context, node, scene, this._style([]));
    }
    if (state !== undefined) {
      paintProgress(context, node, state, scale, this._style(marks));
    } else if (scale >= LOW) {
      this._footer(context, node);
    }
  }

  /** All nodes that are seen, from far away. */
  paintFlat(
    context: CanvasRenderingContext2D,
    scene: Scene,
    seen: IBox,
    marks: readonly IMark[]
  ): void {
    paintFlat(context, scene, seen, { tokens: this._tokens, marks });
  }

  private _style(marks: readonly IMark[]): Parameters<typeof paintProgress>[4] & { font: string } {
    return {
      tokens: this._tokens,
      texts: this._texts,
      words: this._words,
      marks,
      plain: this._plain,
      bold: this._strong,
      font: this._plain
    };
  }

  private _box(
    context: CanvasRenderingContext2D,
    node: StepNode,
    failed: boolean,
    selected: boolean
  ): void {
    const { _tokens: tokens } = this;
    const { width, height } = node.form;
    context.fillStyle = tokens.node;
    context.beginPath();
    context.roundRect(0, 0, width, height, NODE.radius);
    context.fill();
    context.fillStyle = moduleColor(tokens, node.version?.module ?? '');
    context.beginPath();
    context.roundRect(0, 0, width, NODE.band, [NODE.radius, NODE.radius, 0, 0]);
    context.fill();
    context.strokeStyle = failed ? tokens.error : tokens.border;
    context.lineWidth = failed ? 2 : 1;
    context.beginPath();
    context.roundRect(0, 0, width, height, NODE.radius);
    context.stroke();
    if (selected) {
      context.strokeStyle = tokens.brand;
      context.lineWidth = 2;
      context.beginPath();
      context.roundRect(-3, -3, width + 6, height + 6, NODE.radius + 3);
      context.stroke();
    }
  }

  private _header(
    context: CanvasRenderingContext2D,
    node: StepNode,
    scene: Scene,
    scale: number
  ): void {
    const { _tokens: tokens } = this;
    const middle = NODE.band + NODE.header / 2;
    let right = node.form.width - NODE.padding;
    context.textBaseline = 'middle';
    if (scale >= LOW) {
      right = this._versionChip(context, node, right);
      right = this._branches(context, node, right);
      const state = scene.states.get(node.step.name);
      if (state !== undefined) {
        right = paintLevels(context, node, state, right, this._style([]));
      }
    }
    const problem = scene.problems.get(node.step.name);
    if (problem !== undefined) {
      const token = problem === 'error' ? 'error' : 'warn';
      const glyph = problem === 'error' ? '✕' : '⚠';
      drawMark(context, { state: '', glyph, token, said: '' }, tokens, right - 14, middle - 7, 14);
      right -= 20;
    }
    context.font = this._title;
    context.fillStyle = tokens.strong;
    context.textAlign = 'left';
    const title = this._texts.fitted(context, titleOf(node.step), right - NODE.padding);
    context.fillText(title, NODE.padding, middle);
  }

  private _versionChip(context: CanvasRenderingContext2D, node: StepNode, right: number): number {
    const { _tokens: tokens } = this;
    const middle = NODE.band + NODE.header / 2;
    const chip = this._words.version(node);
    context.font = this._plain;
    const wide = context.measureText(chip).width + 10;
    context.strokeStyle = tokens.border;
    context.lineWidth = 1;
    context.beginPath();
    context.roundRect(right - wide, middle - 9, wide, 18, 9);
    context.stroke();
    context.fillStyle = tokens.text;
    context.textAlign = 'right';
    context.fillText(chip, right - 5, middle);
    return right - wide - 6;
  }

  /** "×4" where the row of one parameter does not say it already. */
  private _branches(context: CanvasRenderingContext2D, node: StepNode, right: number): number {
    const { branches } = node.step;
    const count = branchCount(branches);
    if (count < 2 || (branches?.kind === 'grid' && branches.axes.size === 1)) {
      return right;
    }
    const times = this._words.times(count);
    context.font = this._bold;
    context.fillStyle = this._tokens.text;
    context.textAlign = 'right';
    context.fillText(times, right, NODE.band + NODE.header / 2);
    return right - context.measureText(times).width - 6;
  }

  private _ports(
    context: CanvasRenderingContext2D,
    node: StepNode,
    scene: Scene,
    scale: number
  ): void {
    const { _tokens: tokens } = this;
    const { form: shape } = node;
    const named = scale >= PORT_NAMES;
    const half = shape.width / 2 - NODE.padding - 2;
    context.font = this._plain;
    context.textBaseline = 'middle';
    context.lineWidth = 1.5;
    for (const side of ['in', 'out'] as const) {
      for (const name of side === 'in' ? shape.inputs : shape.outputs) {
        const at = portAt(shape, side, name);
        const state = side === 'in' ? inputState(node, name, scene.columns) : 'free';
        context.beginPath();
        context.arc(at.x, at.y, PORT.radius, 0, 2 * Math.PI);
        context.fillStyle = state === 'fed' || state === 'column' ? tokens.link : tokens.node;
        context.fill();
        context.strokeStyle = state === 'missing' ? tokens.error : tokens.link;
        context.stroke();
        if (named) {
          context.fillStyle = tokens.text;
          context.textAlign = side === 'in' ? 'left' : 'right';
          const x = side === 'in' ? NODE.padding : shape.width - NODE.padding;
          context.fillText(this._texts.fitted(context, name, half), x, at.y);
        }
      }
    }
  }

  private _params(context: CanvasRenderingContext2D, node: StepNode): void {
    const { _tokens: tokens } = this;
    const { form: shape } = node;
    context.fillStyle = tokens.text;
    let y = shape.paramsTop + NODE.param / 2;
    for (const row of shape.params) {
      const set = row.isSet || row.tried.length > 0;
      context.font = set ? this._bold : this._code;
      context.fillStyle = set ? tokens.strong : tokens.text;
      context.textAlign = 'right';
      const text = valueText(row, this._words);
      const value = this._texts.fitted(context, text, shape.width * 0.55);
      context.fillText(value, shape.width - NODE.padding, y);
      const left = shape.width - 3 * NODE.padding - context.measureText(value).width;
      context.font = this._plain;
      context.textAlign = 'left';
      context.fillText(this._texts.fitted(context, shortName(row.param), left), NODE.padding, y);
      y += NODE.param;
    }
    if (shape.more > 0) {
      context.font = this._plain;
      context.textAlign = 'left';
      context.fillText(`+${shape.more}`, NODE.padding, y);
    }
  }

  /** The module, and that there is a newer version. */
  private _footer(context: CanvasRenderingContext2D, node: StepNode): void {
    const { _tokens: tokens } = this;
    const { width, height } = node.form;
    const module = node.version?.module ?? (node.step.method === '' ? '' : `${node.step.method}?`);
    const newer = this._words.newer(node);
    const y = height - NODE.footer / 2;
    context.font = this._strong;
    context.fillStyle = tokens.text;
    context.textAlign = 'right';
    context.fillText(newer, width - NODE.padding, y);
    const room = width - 3 * NODE.padding - context.measureText(newer).width;
    context.font = this._plain;
    context.fillStyle = tokens.quiet;
    context.textAlign = 'left';
    context.fillText(this._texts.fitted(context, module, room), NODE.padding, y);
  }

  private readonly _texts = new Texts();
  private readonly _title: string;
  private readonly _plain: string;
  private readonly _strong: string;
  private readonly _code: string;
  private readonly _bold: string;
}
