/**
 * What is on the canvas: the document as the engine's nodes. `patch` is the only writer; selection,
 * states and places during a drag are the view's own and never reach the document.
 */

import type { IVersion } from '../api/methods';
import type { StepStates } from '../tokens';
import type { ICatalogue } from '../pipeline/catalogue';
import { declared } from '../pipeline/catalogue';
import type { IBox, IComment, IEdge, IFrame, IPipeline, IPoint, IStep } from '../pipeline/document';
import { EMPTY_PIPELINE, edgesOf } from '../pipeline/document';
import type { IShape } from '../pipeline/geometry';
import { NODE, portAt, shapeOf } from '../pipeline/geometry';
import type { Engine } from './engine';
import { EngineNode } from './engine';

/** A stretch of a node's width. */
interface ISpan {
  readonly left: number;
  readonly right: number;
}

/** A step on the canvas. */
export class StepNode extends EngineNode {
  constructor(
    public step: IStep,
    public version: IVersion | undefined,
    public form: IShape
  ) {
    super(step.name);
  }

  /** The latest version of its method; null, it is not known. */
  latest: number | null = null;
  /** How far the chips of inputs reach to the left, as they were drawn. */
  readonly chips = new Map<string, number>();
  /** Where "2 failed" stands in its foot, and where the marks of its logs stand in its head. */
  trouble: ISpan | null = null;
  levels: ISpan | null = null;
}

/** Where an input gets its data: said, by a column of its name, not yet, or it needs none. */
export function inputState(
  { step, version }: StepNode,
  name: string,
  columns: ReadonlySet<string>
): 'fed' | 'column' | 'missing' | 'free' {
  if (step.inputs.has(name)) {
    return 'fed';
  }
  if (columns.has(name)) {
    return 'column';
  }
  const input = version?.declaration.inputs.find(each => each.name === name);
  return input?.required === true ? 'missing' : 'free';
}

export interface ISizing {
  readonly ids: readonly string[];
  readonly shift: IPoint;
  /** Whether the lower right corner is pulled, instead of the whole. */
  readonly size: boolean;
}

/** A link on the canvas, with the nodes at its ends. */
export interface IDrawnEdge extends IEdge {
  readonly from: StepNode | undefined;
  readonly to: StepNode;
  readonly gathers: boolean;
}

export class Scene {
  constructor(private readonly _engine: Engine) {}

  document: IPipeline = EMPTY_PIPELINE;
  readonly nodes = new Map<string, StepNode>();
  edges: readonly IDrawnEdge[] = [];
  selection: ReadonlySet<string> = new Set();
  /** Selected frames and comments, by id. */
  notes: ReadonlySet<string> = new Set();
  states: StepStates = new Map();
  /** Columns of the samples: an input of the same name takes its data there. */
  columns: ReadonlySet<string> = new Set();
  /** Whether a plan is shown, of which nothing can be changed. */
  isSnapshot = false;
  /** step -> the worst of its problems. */
  problems: ReadonlyMap<string, 'error' | 'notice'> = new Map();
  /** `step.input` of links that the server finds wrong. */
  brokenLinks: ReadonlySet<string> = new Set();
  /** Frames and comments as they look while they are dragged or made larger. */
  sizing: ISizing | null = null;
  /** The link under the pointer or selected. */
  edge: IEdge | null = null;

  /** Make the canvas show `next`. */
  patch(next: IPipeline, catalogue: ICatalogue): void {
    const before = this.document;
    this.document = next;
    if (next.steps !== before.steps) {
      for (const [name, node] of this.nodes) {
        if (!next.steps.has(name)) {
          this._engine.remove(node);
          this.nodes.delete(name);
        }
      }
    }
    for (const step of next.steps.values()) {
      this._patchStep(step, catalogue);
    }
    if (next.steps !== before.steps || this._edgesStale) {
      this.edges = edgesOf(next).flatMap(edge => {
        const to = this.nodes.get(edge.target);
        const binding = next.steps.get(edge.target)?.inputs.get(edge.input);
        const gathers = binding?.kind === 'step' && binding.gather !== null;
        return to === undefined ? [] : [{ ...edge, from: this.nodes.get(edge.step), to, gathers }];
      });
      this._edgesStale = false;
      if (this.edge !== null && !this.edges.some(each => isSame(each, this.edge))) {
        this.edge = null;
      }
    }
    const ids = new Set([...next.layout.frames, ...next.layout.comments].map(each => each.id));
    this.notes = new Set([...this.notes].filter(id => ids.has(id)));
  }

  private _patchStep(step: IStep, catalogue: ICatalogue): void {
    const { version } = declared(step, catalogue);
    let node = this.nodes.get(step.name);
    if (node === undefined) {
      node = new StepNode(step, version, shapeOf(step, version));
      this.nodes.set(step.name, node);
      this._engine.add(node);
      this._edgesStale = true;
      this._size(node);
    } else if (node.step !== step || node.version !== version) {
      node.step = step;
      node.version = version;
      node.form = shapeOf(step, version);
      this._size(node);
    }
    node.latest = catalogue.resolve(step.method, 'latest')?.version ?? null;
    const at = this.document.layout.steps.get(step.name);
    const x = at?.x ?? 0;
    const y = at?.y ?? 0;
    if (node.pos[0] !== x || node.pos[1] !== y) {
      node.pos[0] = x;
      node.pos[1] = y;
    }
  }

  private _size(node: StepNode): void {
    node.size[0] = node.form.width;
    node.size[1] = node.form.height;
  }

  /** Move nodes on the screen only; the next patch puts them where the document has them. */
  shift(places: ReadonlyMap<string, IPoint>): void {
    for (const [name, { x, y }] of places) {
      const node = this.nodes.get(name);
      if (node !== undefined) {
        node.pos[0] = x;
        node.pos[1] = y;
      }
    }
  }

  raise(name: string): void {
    const node = this.nodes.get(name);
    if (node !== undefined) {
      this.nodes.delete(name);
      this.nodes.set(name, node);
      this._engine.raise(node);
    }
  }

  /** A frame or comment as it is on the screen now. */
  asShown<T extends IBox & { readonly id: string }>(note: T): T {
    const { sizing } = this;
    if (sizing?.ids.includes(note.id) !== true) {
      return note;
    }
    const { x, y } = sizing.shift;
    return sizing.size
      ? { ...note, width: Math.max(80, note.width + x), height: Math.max(40, note.height + y) }
      : { ...note, x: note.x + x, y: note.y + y };
  }

  /** The nodes, those in front last. */
  drawnOrder(): Iterable<StepNode> {
    return this.nodes.values();
  }

  boxOf(name: string): IBox | null {
    const node = this.nodes.get(name);
    return node === undefined
      ? null
      : { x: node.left, y: node.top, width: node.wide, height: node.high };
  }

  /** The box around everything that is drawn; null, nothing is. */
  bounds(): IBox | null {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    const { frames, comments } = this.document.layout;
    for (const node of this.nodes.values()) {
      left = Math.min(left, node.left);
      top = Math.min(top, node.top);
      right = Math.max(right, node.left + node.wide);
      bottom = Math.max(bottom, node.top + node.high);
    }
    for (const { x, y, width, height } of [...frames, ...comments]) {
      left = Math.min(left, x);
      top = Math.min(top, y);
      right = Math.max(right, x + width);
      bottom = Math.max(bottom, y + height);
    }
    return left > right ? null : { x: left, y: top, width: right - left, height: bottom - top };
  }

  frame(id: string): IFrame | undefined {
    return this.document.layout.frames.find(each => each.id === id);
  }

  comment(id: string): IComment | undefined {
    return this.document.layout.comments.find(each => each.id === id);
  }

  private _edgesStale = false;
}

export function isSame(a: IEdge, b: IEdge | null): boolean {
  return b !== null && a.target === b.target && a.input === b.input && a.step === b.step;
}

/** Both ends of a link, in units of the drawing; null where its source is gone. */
export function endsOf(edge: IDrawnEdge): { from: IPoint; to: IPoint } {
  const to = portOf(edge.to, 'in', edge.input);
  const from =
    edge.from === undefined ? { x: to.x - 60, y: to.y } : portOf(edge.from, 'out', edge.output);
  return { from, to };
}

export function portOf(node: StepNode, side: 'in' | 'out', name: string): IPoint {
  const at = portAt(node.form, side, name);
  return { x: node.left + at.x, y: node.top + at.y };
}

/** A part of a node: a port, a parameter, its foot, its warnings, or what failed; else its title. */
export interface INodePart {
  readonly port?: string;
  readonly side?: 'in' | 'out';
  readonly param?: string;
  readonly part?: 'foot' | 'trouble' | 'levels';
}

/** The middle of a part, in units of the drawing. */
export function partOf(node: StepNode, part: INodePart): IPoint {
  const { form, trouble, levels } = node;
  if (part.port !== undefined) {
    return portOf(node, part.side ?? 'in', part.port);
  }
  if (part.part === 'levels' && levels !== null) {
    return { x: node.left + (levels.left + levels.right) / 2, y: node.top + NODE.header / 2 };
  }
  if (part.part !== undefined) {
    const isTrouble = part.part === 'trouble' && trouble !== null;
    const x = isTrouble ? (trouble.left + trouble.right) / 2 : form.width - 2 * NODE.padding;
    return { x: node.left + x, y: node.top + form.height - NODE.footer / 2 };
  }
  const row = form.params.findIndex(each => each.param === part.param);
  const y = row < 0 ? NODE.header / 2 : form.paramsTop + (row + 0.5) * NODE.param;
  return { x: node.left + node.wide / 2, y: node.top + y };
}
