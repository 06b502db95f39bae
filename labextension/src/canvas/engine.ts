/**
 * LiteGraph, reduced to what is used of it: the list of nodes, pan and zoom, the drawing loop.
 *
 * It gets no events (so none of its gestures, prompts and menus can be reached), no links (it allows
 * one per input), and no widgets. What it would draw is drawn by us.
 */

import { LGraph, LGraphCanvas, LGraphNode } from '@comfyorg/litegraph';

import type { IBox, IPoint } from '../pipeline/document';

/** What we draw at the moments that the engine gives. */
export interface IPainter {
  background(context: CanvasRenderingContext2D): void;
  links(context: CanvasRenderingContext2D): void;
  /** Whether nodes are drawn together with the links at this zoom, instead of one by one. */
  drawsAllAtOnce(scale: number): boolean;
  node(node: EngineNode, context: CanvasRenderingContext2D): void;
  overlay(context: CanvasRenderingContext2D): void;
}

/** A box of the engine; what it stands for is known by its owner. */
export class EngineNode extends LGraphNode {
  constructor(readonly key: string) {
    super('', 'step');
  }

  get left(): number {
    return this.pos[0];
  }

  get top(): number {
    return this.pos[1];
  }

  get wide(): number {
    return this.size[0];
  }

  get high(): number {
    return this.size[1];
  }
}

export interface IView extends IPoint {
  readonly scale: number;
}

/** How far what belongs to a node reaches beyond its box. */
const CHIPS = 160;
const RING = 20;

const MIN_SCALE = 0.02;
const MAX_SCALE = 4;

class Graph extends LGraph {
  // Sorting after each added node makes loading quadratic, and nothing is executed here.
  override updateExecutionOrder(): void {
    // Nothing to sort.
  }
}

class Canvas extends LGraphCanvas {
  painter: IPainter | null = null;

  override drawNode(node: LGraphNode, context: CanvasRenderingContext2D): void {
    if (node instanceof EngineNode) {
      this.painter?.node(node, context);
    }
  }

  override drawConnections(context: CanvasRenderingContext2D): void {
    this.painter?.links(context);
  }

  override drawGroups(): void {
    // Frames are drawn with the background.
  }

  override computeVisibleNodes(_nodes?: LGraphNode[], out: LGraphNode[] = []): LGraphNode[] {
    const [x = 0, y = 0, width = 0, height = 0] = this.ds.visible_area;
    out.length = 0;
    if (this.painter?.drawsAllAtOnce(this.ds.scale) === true) {
      return out;
    }
    for (const node of this.graph?.nodes ?? []) {
      const [left = 0, top = 0] = node.pos;
      const [wide = 0, high = 0] = node.size;
      // Chips at the left edge reach beyond the box.
      const isBeside = left - CHIPS > x + width || left + wide + RING < x;
      if (!isBeside && top - RING < y + height && top + high + RING > y) {
        out.push(node);
      }
    }
    return out;
  }
}

/** One canvas on the screen. */
export class Engine {
  constructor(
    readonly element: HTMLCanvasElement,
    painter: IPainter
  ) {
    this._graph = new Graph();
    this._canvas = new Canvas(element, this._graph, { skip_events: true, skip_render: true });
    const canvas = this._canvas;
    canvas.painter = painter;
    canvas.background_image = '';
    canvas.clear_background_color = '';
    canvas.render_canvas_border = false;
    canvas.show_info = false;
    // One layer: copying a second one costs more than drawing the links again.
    canvas.bgcanvas = element;
    canvas.onRenderBackground = (_element, context) => {
      context.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
      painter.background(context);
      return true;
    };
    canvas.onDrawOverlay = context => {
      context.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
      painter.overlay(context);
    };
    canvas.ds.min_scale = MIN_SCALE;
    canvas.ds.max_scale = MAX_SCALE;
  }

  add(node: EngineNode): void {
    this._graph.add(node);
  }

  remove(node: EngineNode): void {
    this._graph.remove(node);
  }

  /** Draw the last in front of the others. */
  raise(node: EngineNode): void {
    const nodes = this._graph.nodes;
    const at = nodes.indexOf(node);
    if (at >= 0 && at < nodes.length - 1) {
      nodes.splice(at, 1);
      nodes.push(node);
    }
  }

  /** Size on the page, in CSS pixels. */
  get width(): number {
    return this._width;
  }

  get height(): number {
    return this._height;
  }

  resize(width: number, height: number): void {
    this._width = width;
    this._height = height;
    this._fit();
    this.draw();
  }

  get view(): IView {
    const { offset, scale } = this._canvas.ds;
    return { x: offset[0], y: offset[1], scale };
  }

  set view({ x, y, scale }: IView) {
    this._canvas.ds.scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
    this._canvas.ds.offset = [x, y];
  }

  /** The part of the drawing that is on screen. */
  get visible(): IBox {
    const { x, y, scale } = this.view;
    return { x: -x, y: -y, width: this._width / scale, height: this._height / scale };
  }

  pan(dx: number, dy: number): void {
    const { x, y, scale } = this.view;
    this.view = { x: x + dx / scale, y: y + dy / scale, scale };
  }

  /** Zoom so that the point of the page stays where it is. */
  zoom(factor: number, at: IPoint): void {
    const before = this.toDrawing(at);
    const { scale } = this.view;
    this._canvas.ds.scale = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale * factor));
    const now = this._canvas.ds.scale;
    this._canvas.ds.offset = [at.x / now - before.x, at.y / now - before.y];
  }

  /** Show the whole box, with some room around it; never larger than `most`. */
  fit(box: IBox, most = 1): void {
    const room = 40;
    const scale = Math.min(
      most,
      (this._width - 2 * room) / Math.max(1, box.width),
      (this._height - 2 * room) / Math.max(1, box.height)
    );
    const kept = Math.min(MAX_SCALE, Math.max(MIN_SCALE, scale));
    this.view = {
      x: this._width / kept / 2 - box.x - box.width / 2,
      y: this._height / kept / 2 - box.y - box.height / 2,
      scale: kept
    };
  }

  /** A point of the canvas element (CSS pixels) in units of the drawing. */
  toDrawing({ x, y }: IPoint): IPoint {
    const view = this.view;
    return { x: x / view.scale - view.x, y: y / view.scale - view.y };
  }

  toPage({ x, y }: IPoint): IPoint {
    const view = this.view;
    return { x: (x + view.x) * view.scale, y: (y + view.y) * view.scale };
  }

  /** Draw now. */
  draw(): void {
    if (this._width === 0 || this._height === 0) {
      return;
    }
    if (window.devicePixelRatio !== this._ratio) {
      this._fit();
    }
    const { ctx } = this._canvas;
    ctx.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
    this._canvas.bgctx = ctx;
    this._canvas.dirty_bgcanvas = false;
    this._canvas.draw(true, false);
  }

  dispose(): void {
    this._canvas.painter = null;
    this._graph.detachCanvas(this._canvas);
    this._graph.clear();
  }

  private _fit(): void {
    this._ratio = window.devicePixelRatio || 1;
    const width = Math.round(this._width * this._ratio);
    const height = Math.round(this._height * this._ratio);
    if (this.element.width !== width || this.element.height !== height) {
      this.element.width = width;
      this.element.height = height;
    }
  }

  private readonly _graph: Graph;
  private readonly _canvas: Canvas;
  private _width = 0;
  private _height = 0;
  private _ratio = 1;
}
