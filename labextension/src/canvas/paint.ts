/** How the canvas looks: background, frames, links, nodes, at three levels of detail. */

import type { IMark } from '../api/marks';
import type { IBox, IComment, IEdge } from '../pipeline/document';
import { GRID } from '../pipeline/geometry';
import { curveOf, pointOn, traceCurve } from './curves';
import type { Engine, EngineNode, IPainter } from './engine';
import { FRAME_TITLE } from './hits';
import { FLAT, LOW } from './levels';
import { NodePainter } from './paint_node';
import type { IDrawnEdge, Scene } from './scene';
import { endsOf, isSame, StepNode } from './scene';
import type { ICanvasTokens } from './tokens';
import type { Words } from './words';

/** How far the curve of a link reaches beyond its ends. */
const REACH = 160;
/** More links than these are drawn without rims. */
const HALOES = 200;

export class Painter implements IPainter {
  constructor(
    private readonly _overlay: (context: CanvasRenderingContext2D) => void,
    private readonly _words: Words
  ) {}

  /** Set once the engine is there, which needs the painter first. */
  attach(engine: Engine, scene: Scene, tokens: ICanvasTokens): void {
    this._engine = engine;
    this._scene = scene;
    this.setTokens(tokens);
  }

  setTokens(tokens: ICanvasTokens): void {
    this._tokens = tokens;
    this._nodes = new NodePainter(tokens, this._words);
  }

  /** The marks of states, once the server told them. */
  marks: readonly IMark[] = [];

  background(context: CanvasRenderingContext2D): void {
    const { _engine: engine, _tokens: tokens } = this;
    if (engine === null || tokens === null) {
      return;
    }
    context.fillStyle = tokens.canvas;
    context.fillRect(0, 0, engine.width, engine.height);
    this._grid(context, engine, tokens);
    const { x, y, scale } = engine.view;
    context.save();
    context.scale(scale, scale);
    context.translate(x, y);
    this._frames(context, tokens);
    context.restore();
  }

  private _grid(context: CanvasRenderingContext2D, engine: Engine, tokens: ICanvasTokens): void {
    const { x, y, scale } = engine.view;
    const step = GRID * scale;
    if (step < 10) {
      return;
    }
    const left = (x * scale) % step;
    const top = (y * scale) % step;
    // Dashed lines, one per row: thousands of dots one by one take longer than all the rest.
    context.strokeStyle = tokens.grid;
    context.lineWidth = 1;
    context.setLineDash([1, step - 1]);
    context.beginPath();
    for (let down = top; down < engine.height; down += step) {
      context.moveTo(left - step, Math.round(down) + 0.5);
      context.lineTo(engine.width, Math.round(down) + 0.5);
    }
    context.stroke();
    context.setLineDash([]);
  }

  private _frames(context: CanvasRenderingContext2D, tokens: ICanvasTokens): void {
    const scene = this._scene;
    for (const stored of scene?.document.layout.frames ?? []) {
      const frame = scene?.asShown(stored) ?? stored;
      context.globalAlpha = 0.5;
      context.fillStyle = tokens.frame;
      context.beginPath();
      context.roundRect(frame.x, frame.y, frame.width, frame.height, 8);
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = scene?.notes.has(frame.id) === true ? tokens.brand : tokens.border;
      context.lineWidth = scene?.notes.has(frame.id) === true ? 2 : 1;
      context.stroke();
      context.fillStyle = tokens.text;
      context.font = `600 ${tokens.titleSize}px ${tokens.font}`;
      context.textBaseline = 'middle';
      context.textAlign = 'left';
      context.fillText(frame.title, frame.x + 10, frame.y + FRAME_TITLE / 2, frame.width - 20);
      corner(context, tokens, frame);
    }
    for (const comment of scene?.document.layout.comments ?? []) {
      this._comment(
        context,
        tokens,
        scene?.asShown(comment) ?? comment,
        scene?.notes.has(comment.id) === true
      );
    }
  }

  private _comment(
    context: CanvasRenderingContext2D,
    tokens: ICanvasTokens,
    comment: IComment,
    selected: boolean
  ): void {
    context.fillStyle = tokens.node;
    context.strokeStyle = selected ? tokens.brand : tokens.border;
    context.lineWidth = selected ? 2 : 1;
    context.setLineDash([4, 3]);
    context.beginPath();
    context.roundRect(comment.x, comment.y, comment.width, comment.height, 4);
    context.fill();
    context.stroke();
    context.setLineDash([]);
    context.save();
    context.clip();
    context.fillStyle = tokens.text;
    context.font = `${tokens.size}px ${tokens.font}`;
    context.textBaseline = 'top';
    context.textAlign = 'left';
    let y = comment.y + 8;
    for (const line of wrapped(context, comment.text, comment.width - 20)) {
      context.fillText(line, comment.x + 10, y);
      y += tokens.size * 1.4;
    }
    context.restore();
    corner(context, tokens, comment);
  }

  links(context: CanvasRenderingContext2D): void {
    const { _engine: engine, _scene: scene, _tokens: tokens } = this;
    if (engine === null || scene === null || tokens === null) {
      return;
    }
    const { scale } = engine.view;
    const seen = engine.visible;
    const bold: IDrawnEdge[] = [];
    const broken: IDrawnEdge[] = [];
    const plain: IDrawnEdge[] = [];
    for (const edge of scene.edges) {
      if (isElsewhere(edge, seen)) {
        continue;
      }
      if (edge.from === undefined || scene.brokenLinks.has(`${edge.target}.${edge.input}`)) {
        broken.push(edge);
      } else if (this._isBold(edge, scene)) {
        bold.push(edge);
      } else {
        plain.push(edge);
      }
    }
    const width = Math.max(1.5, 0.75 / scale);
    if (scale >= LOW && plain.length <= HALOES) {
      this._haloed(context, plain, tokens, width);
    } else {
      this._together(context, plain, scale < FLAT);
      context.strokeStyle = tokens.link;
      context.lineWidth = width;
      context.stroke();
    }
    this._strokeAll(context, bold, tokens.brand, Math.max(2.5, 1.5 / scale));
    context.setLineDash([6, 4]);
    this._strokeAll(context, broken, tokens.error, Math.max(2, 1 / scale));
    context.setLineDash([]);
    if (scale >= LOW) {
      this._gathers(context, scene, tokens);
    }
    if (this.drawsAllAtOnce(scale)) {
      this._nodes?.paintFlat(context, scene, seen, this.marks);
    }
  }

  drawsAllAtOnce(scale: number): boolean {
    return scale < FLAT;
  }

  private _isBold(edge: IEdge, scene: Scene): boolean {
    return (
      isSame(edge, scene.edge) || scene.selection.has(edge.step) || scene.selection.has(edge.target)
    );
  }

  /** Each with a rim in the colour of the canvas: where two cross, one passes above the other. */
  private _haloed(
    context: CanvasRenderingContext2D,
    edges: readonly IDrawnEdge[],
    tokens: ICanvasTokens,
    width: number
  ): void {
    for (const edge of edges) {
      this._strokeAll(context, [edge], tokens.canvas, width + 4);
      this._strokeAll(context, [edge], tokens.link, width);
    }
  }

  /** As one path: stroking each for itself costs five times as much. */
  private _together(
    context: CanvasRenderingContext2D,
    edges: readonly IDrawnEdge[],
    straight: boolean
  ): void {
    context.beginPath();
    for (const edge of edges) {
      const { from, to } = endsOf(edge);
      if (straight) {
        context.moveTo(from.x, from.y);
        context.lineTo(to.x, to.y);
      } else {
        traceCurve(context, curveOf(from, to));
      }
    }
  }

  private _strokeAll(
    context: CanvasRenderingContext2D,
    edges: readonly IDrawnEdge[],
    color: string,
    width: number
  ): void {
    if (edges.length === 0) {
      return;
    }
    context.beginPath();
    for (const edge of edges) {
      const { from, to } = endsOf(edge);
      traceCurve(context, curveOf(from, to));
    }
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }

  /** A link that collects a list has three strokes across its middle. */
  private _gathers(context: CanvasRenderingContext2D, scene: Scene, tokens: ICanvasTokens): void {
    context.strokeStyle = tokens.link;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const edge of scene.edges) {
      if (edge.gathers) {
        const { from, to } = endsOf(edge);
        const at = pointOn(curveOf(from, to), 0.5);
        for (const shift of [-4, 0, 4]) {
          context.moveTo(at.x + shift, at.y - 5);
          context.lineTo(at.x + shift, at.y + 5);
        }
      }
    }
    context.stroke();
  }

  node(node: EngineNode, context: CanvasRenderingContext2D): void {
    const { _engine: engine, _scene: scene } = this;
    if (engine !== null && scene !== null && node instanceof StepNode) {
      this._nodes?.paint(context, node, scene, engine.view.scale, this.marks);
    }
  }

  overlay(context: CanvasRenderingContext2D): void {
    this._overlay(context);
  }

  private _engine: Engine | null = null;
  private _scene: Scene | null = null;
  private _tokens: ICanvasTokens | null = null;
  private _nodes: NodePainter | null = null;
}

/** Whether nothing of a link is on screen, told from the boxes at its ends. */
function isElsewhere({ from, to }: IDrawnEdge, seen: IBox): boolean {
  const start = from ?? to;
  return (
    Math.max(start.left + start.wide, to.left) + REACH < seen.x ||
    Math.min(start.left + start.wide, to.left) - REACH > seen.x + seen.width ||
    Math.max(start.top + start.high, to.top + to.high) < seen.y ||
    Math.min(start.top, to.top) > seen.y + seen.height
  );
}

function corner(
  context: CanvasRenderingContext2D,
  tokens: ICanvasTokens,
  { x, y, width, height }: { x: number; y: number; width: number; height: number }
): void {
  context.strokeStyle = tokens.border;
  context.lineWidth = 1;
  context.beginPath();
  for (const reach of [4, 8]) {
    context.moveTo(x + width - 3 - reach, y + height - 3);
    context.lineTo(x + width - 3, y + height - 3 - reach);
  }
  context.stroke();
}

/** Lines of a text that fit into a width. */
function wrapped(context: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line !== '' && context.measureText(longer).width > width) {
        lines.push(line);
        line = word;
      } else {
        line = longer;
      }
    }
    lines.push(line);
  }
  return lines;
}
