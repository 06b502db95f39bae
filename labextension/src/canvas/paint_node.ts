/** How a node looks. */

import type { IMark } from '../api/marks';
import { ordered } from '../marks/bar';
import { markOf } from '../marks/mark';
import type { Binding, IBox } from '../pipeline/document';
import { branchCount, titleOf } from '../pipeline/document';
import type { IParamRow } from '../pipeline/geometry';
import { NODE, PORT, portAt } from '../pipeline/geometry';
import { LOW } from './levels';
import { drawMark } from './marks';
import type { Scene, StepNode } from './scene';
import type { ICanvasTokens } from './tokens';
import { moduleColor } from './tokens';

/** Texts that are remembered; more than a screen can hold. */
const REMEMBERED = 5000;
const PORT_NAMES = 0.5;

type Counts = Readonly<Record<string, number>>;

export class NodePainter {
  constructor(
    private readonly _tokens: ICanvasTokens,
    /** "×4": said of branches. */
    private readonly _times: (count: number) => string
  ) {
    const { font, code, size, titleSize } = _tokens;
    this._title = `600 ${titleSize}px ${font}`;
    this._plain = `${size}px ${font}`;
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
    const counts = scene.states.get(node.step.name);
    const problem = scene.problems.get(node.step.name);
    const selected = scene.selection.has(node.step.name);
    this._box(context, node, problem, selected, counts);
    this._header(context, node, problem, scale);
    if (scale >= LOW) {
      this._ports(context, node, scale);
      this._params(context, node);
      this._chips(context, node);
    }
    if (counts !== undefined) {
      this._bar(context, node, counts, marks, scale);
    } else if (scale >= LOW) {
      this._footer(context, node);
    }
  }

  /** All nodes that are seen as rectangles in the colours of their states; a path per colour. */
  paintFlat(
    context: CanvasRenderingContext2D,
    scene: Scene,
    seen: IBox,
    marks: readonly IMark[]
  ): void {
    const { _tokens: tokens } = this;
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
      const worst = worstOf(scene.states.get(step.name));
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

  private _box(
    context: CanvasRenderingContext2D,
    node: StepNode,
    problem: string | undefined,
    selected: boolean,
    counts: Counts | undefined
  ): void {
    const { _tokens: tokens } = this;
    const { width, height } = node.form;
    const failed = (counts?.['failed'] ?? 0) > 0 || problem === 'error';
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
    problem: string | undefined,
    scale: number
  ): void {
    const { _tokens: tokens } = this;
    const { width } = node.form;
    const middle = NODE.band + NODE.header / 2;
    let right = width - NODE.padding;
    context.textBaseline = 'middle';
    if (scale >= LOW) {
      const chip = versionChip(node);
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
      right -= wide + 6;
      const branches = branchCount(node.step.branches);
      if (branches > 1) {
        const times = this._times(branches);
        context.font = this._bold;
        context.fillText(times, right, middle);
        right -= context.measureText(times).width + 6;
      }
    }
    if (problem !== undefined) {
      const token = problem === 'error' ? 'error' : 'warn';
      drawMark(
        context,
        { state: '', glyph: problem === 'error' ? '✕' : '⚠', token, said: '' },
        tokens,
        right - 14,
        middle - 7,
        14
      );
      right -= 20;
    }
    context.font = this._title;
    context.fillStyle = tokens.strong;
    context.textAlign = 'left';
    const title = this._fitted(context, titleOf(node.step), right - NODE.padding);
    context.fillText(title, NODE.padding, middle);
  }

  private _ports(context: CanvasRenderingContext2D, node: StepNode, scale: number): void {
    const { _tokens: tokens } = this;
    const { form: shape, step, version } = node;
    const named = scale >= PORT_NAMES;
    const half = shape.width / 2 - NODE.padding - 2;
    context.font = this._plain;
    context.lineWidth = 1.5;
    for (const side of ['in', 'out'] as const) {
      for (const name of side === 'in' ? shape.inputs : shape.outputs) {
        const at = portAt(shape, side, name);
        const bound = side === 'in' && step.inputs.has(name);
        const missing =
          side === 'in' &&
          !bound &&
          version?.declaration.inputs.find(each => each.name === name)?.required === true;
        context.beginPath();
        context.arc(at.x, at.y, PORT.radius, 0, 2 * Math.PI);
        context.fillStyle = bound ? tokens.link : tokens.node;
        context.fill();
        context.strokeStyle = missing ? tokens.error : tokens.link;
        context.stroke();
        if (named) {
          context.fillStyle = tokens.text;
          context.textAlign = side === 'in' ? 'left' : 'right';
          const x = side === 'in' ? NODE.padding : shape.width - NODE.padding;
          context.fillText(this._fitted(context, name, half), x, at.y);
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
      const value = this._fitted(context, valueText(row), shape.width * 0.5);
      context.fillText(value, shape.width - NODE.padding, y);
      const left = shape.width - 3 * NODE.padding - context.measureText(value).width;
      context.font = this._plain;
      context.textAlign = 'left';
      context.fillText(this._fitted(context, shortName(row.param), left), NODE.padding, y);
      y += NODE.param;
    }
    if (shape.more > 0) {
      context.font = this._plain;
      context.textAlign = 'left';
      context.fillText(`+${shape.more}`, NODE.padding, y);
    }
  }

  /** What feeds an input that has no link: at the left edge, beside its port. */
  private _chips(context: CanvasRenderingContext2D, node: StepNode): void {
    const { _tokens: tokens } = this;
    context.font = this._plain;
    context.textAlign = 'right';
    for (const [name, binding] of node.step.inputs) {
      const text = chipText(binding);
      if (text === null) {
        continue;
      }
      const { y } = portAt(node.form, 'in', name);
      const fitted = this._fitted(context, text, 110);
      const wide = context.measureText(fitted).width + 14;
      context.beginPath();
      context.roundRect(-10 - wide, y - 9, wide, 18, 9);
      context.fillStyle = tokens.node;
      context.fill();
      context.strokeStyle = tokens.border;
      context.lineWidth = 1;
      context.stroke();
      context.fillStyle = tokens.text;
      context.fillText(fitted, -17, y);
    }
  }

  private _footer(context: CanvasRenderingContext2D, node: StepNode): void {
    const { _tokens: tokens } = this;
    const text = node.version?.module ?? (node.step.method === '' ? '' : `${node.step.method}?`);
    context.font = this._plain;
    context.fillStyle = tokens.quiet;
    context.textAlign = 'left';
    const y = node.form.height - NODE.footer / 2;
    context.fillText(
      this._fitted(context, text, node.form.width - 2 * NODE.padding),
      NODE.padding,
      y
    );
  }

  private _bar(
    context: CanvasRenderingContext2D,
    node: StepNode,
    counts: Counts,
    marks: readonly IMark[],
    scale: number
  ): void {
    const { _tokens: tokens } = this;
    const { width, height } = node.form;
    const segments = ordered({ ...counts });
    const total = segments.reduce((sum, [, count]) => sum + count, 0);
    const text = countText(counts, total);
    const y = height - NODE.footer / 2;
    context.font = this._plain;
    let left = NODE.padding;
    const worst = worstOf(counts);
    if (worst !== null && scale >= LOW) {
      drawMark(context, markOf([...marks], worst), tokens, left, y - 6);
      left += 17;
    }
    const words = scale >= LOW ? context.measureText(text).width + 8 : 0;
    const room = width - NODE.padding - left - words;
    let x = left;
    for (const [state, count] of segments) {
      const wide = Math.max(1, (room * count) / Math.max(1, total) - 1);
      context.fillStyle = tokens.states[markOf([...marks], state).token] ?? tokens.track;
      context.fillRect(x, y - 3, wide, 6);
      x += wide + 1;
    }
    if (scale >= LOW) {
      context.fillStyle = tokens.text;
      context.textAlign = 'right';
      context.fillText(text, width - NODE.padding, y);
    }
  }

  /** `text` shortened to a width, with an ellipsis. */
  private _fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
    const key = `${context.font} ${Math.round(width)} ${text}`;
    const known = this._texts.get(key);
    if (known !== undefined) {
      return known;
    }
    let fitted = text;
    if (context.measureText(text).width > width) {
      let [least, most] = [0, text.length];
      while (least < most) {
        const middle = Math.ceil((least + most) / 2);
        if (context.measureText(`${text.slice(0, middle)}…`).width <= width) {
          least = middle;
        } else {
          most = middle - 1;
        }
      }
      fitted = least === 0 ? '' : `${text.slice(0, least)}…`;
    }
    if (this._texts.size > REMEMBERED) {
      this._texts.clear();
    }
    this._texts.set(key, fitted);
    return fitted;
  }

  private readonly _texts = new Map<string, string>();
  private readonly _title: string;
  private readonly _plain: string;
  private readonly _code: string;
  private readonly _bold: string;
}

/** The state that a person must know first. */
function worstOf(counts: Counts | undefined): string | null {
  const order = ['failed', 'running', 'blocked', 'cancelled', 'waiting', 'reused', 'completed'];
  const there = order.find(state => (counts?.[state] ?? 0) > 0);
  if (there === 'reused' && (counts?.['completed'] ?? 0) > 0) {
    return 'completed';
  }
  return there ?? null;
}

function countText(counts: Counts, total: number): string {
  const done = (counts['completed'] ?? 0) + (counts['reused'] ?? 0);
  return `${done}/${total}`;
}

function versionChip(node: StepNode): string {
  const { step, version } = node;
  if (step.version !== 'latest') {
    return `v${step.version}`;
  }
  return version === undefined ? '?' : `v${version.version}`;
}

function shortName(param: string): string {
  return param.slice(param.lastIndexOf('.') + 1);
}

function valueText(row: IParamRow): string {
  if (row.tried.length > 0) {
    return row.tried.join(' | ');
  }
  return row.text ?? '…';
}

/** A binding that is no link, in a word. */
export function chipText(binding: Binding): string | null {
  switch (binding.kind) {
    case 'step':
      return null;
    case 'column':
      return `▤ ${binding.column}`;
    case 'value':
      return `= ${binding.text}`;
    case 'file':
      return binding.path.slice(binding.path.lastIndexOf('/') + 1);
    case 'run':
      return `run ${binding.run}.${binding.output}`;
  }
}
