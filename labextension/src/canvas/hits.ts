/** What is under a point of the drawing. */

import type { IEdge, IPoint } from '../pipeline/document';
import { NODE, PORT } from '../pipeline/geometry';
import type { IPort } from '../pipeline/links';
import { curveOf, pointOn } from './curves';
import type { IDrawnEdge, Scene, StepNode } from './scene';
import { endsOf } from './scene';

export type Hit =
  | { readonly kind: 'port'; readonly port: IPort }
  | { readonly kind: 'param'; readonly step: string; readonly param: string }
  | { readonly kind: 'title'; readonly step: string }
  | { readonly kind: 'step'; readonly step: string }
  /** Of a plan that is viewed: how far the step is, what failed, what its logs warn of. */
  | { readonly kind: 'progress' | 'trouble' | 'levels'; readonly step: string }
  | { readonly kind: 'edge'; readonly edge: IEdge }
  | { readonly kind: 'note'; readonly id: string; readonly corner: boolean }
  | { readonly kind: 'canvas' };

/** How near a link a pointer must be, in pixels of the page. */
const EDGE_REACH = 6;
export const CORNER = 14;
export const FRAME_TITLE = 24;

export function hitAt(scene: Scene, at: IPoint, scale: number): Hit {
  const nodes = [...scene.nodes.values()];
  // Ports first, of every node: they stick out of their own.
  for (const node of nodes) {
    const port = portAtPoint(node, at);
    if (port !== null) {
      return { kind: 'port', port };
    }
  }
  const node = topNode(scene, at);
  if (node !== null) {
    return nodeHit(scene, node, at);
  }
  const chip = chipAt(nodes, at);
  if (chip !== null) {
    return { kind: 'port', port: chip };
  }
  const edge = edgeAt(scene.edges, at, EDGE_REACH / scale);
  if (edge !== null) {
    return { kind: 'edge', edge };
  }
  return noteAt(scene, at) ?? { kind: 'canvas' };
}

/** The node at a point: the one that was drawn last. */
export function topNode(scene: Scene, at: IPoint): StepNode | null {
  let found: StepNode | null = null;
  for (const node of scene.drawnOrder()) {
    if (isIn(at, node.left, node.top, node.wide, node.high)) {
      found = node;
    }
  }
  return found;
}

function portAtPoint(node: StepNode, at: IPoint): IPort | null {
  const reach = PORT.hit / 2;
  const { left: x, top: y, form: shape, step } = node;
  if (at.y < y + shape.portsTop || at.y > y + shape.paramsTop) {
    return null;
  }
  const row = Math.floor((at.y - y - shape.portsTop) / NODE.port);
  for (const side of ['in', 'out'] as const) {
    const edge = side === 'in' ? x : x + shape.width;
    const name = (side === 'in' ? shape.inputs : shape.outputs)[row];
    if (name !== undefined && Math.abs(at.x - edge) <= reach) {
      return { step: step.name, side, name };
    }
  }
  return null;
}

/** The input whose chip is at a point. */
function chipAt(nodes: readonly StepNode[], at: IPoint): IPort | null {
  for (const node of nodes) {
    const row = Math.floor((at.y - node.top - node.form.portsTop) / NODE.port);
    const name = node.form.inputs[row];
    const reach = name === undefined ? undefined : node.chips.get(name);
    if (name !== undefined && reach !== undefined && at.x < node.left && at.x > node.left - reach) {
      return { step: node.step.name, side: 'in', name };
    }
  }
  return null;
}

function nodeHit(scene: Scene, node: StepNode, at: IPoint): Hit {
  const x = at.x - node.left;
  const y = at.y - node.top;
  const { form: shape, levels, trouble } = node;
  const step = node.step.name;
  if (scene.states.has(step)) {
    if (y < shape.portsTop && levels !== null && x > levels.left && x < levels.right) {
      return { kind: 'levels', step };
    }
    if (y > shape.height - NODE.footer) {
      const isTrouble = trouble !== null && x > trouble.left && x < trouble.right;
      return { kind: isTrouble ? 'trouble' : 'progress', step };
    }
  }
  if (y < shape.portsTop) {
    return { kind: 'title', step };
  }
  const row = shape.params[Math.floor((y - shape.paramsTop) / NODE.param)];
  return y >= shape.paramsTop && row !== undefined
    ? { kind: 'param', step, param: row.param }
    : { kind: 'step', step };
}

function edgeAt(edges: readonly IDrawnEdge[], at: IPoint, reach: number): IEdge | null {
  for (const edge of edges) {
    const { from, to } = endsOf(edge);
    const curve = curveOf(from, to);
    const left = Math.min(curve.from.x, curve.to.x, curve.a.x, curve.b.x) - reach;
    const right = Math.max(curve.from.x, curve.to.x, curve.a.x, curve.b.x) + reach;
    const top = Math.min(from.y, to.y) - reach;
    const bottom = Math.max(from.y, to.y) + reach;
    if (at.x < left || at.x > right || at.y < top || at.y > bottom) {
      continue;
    }
    let last = from;
    for (let n = 1; n <= 24; n++) {
      const next = pointOn(curve, n / 24);
      if (distance(at, last, next) <= reach) {
        return edge;
      }
      last = next;
    }
  }
  return null;
}

function distance(at: IPoint, a: IPoint, b: IPoint): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = dx * dx + dy * dy || 1;
  const t = Math.max(0, Math.min(1, ((at.x - a.x) * dx + (at.y - a.y) * dy) / length));
  return Math.hypot(at.x - a.x - t * dx, at.y - a.y - t * dy);
}

function noteAt(scene: Scene, at: IPoint): Hit | null {
  const { frames, comments } = scene.document.layout;
  for (const note of [...comments].reverse()) {
    if (isIn(at, note.x, note.y, note.width, note.height)) {
      const corner = at.x > note.x + note.width - CORNER && at.y > note.y + note.height - CORNER;
      return { kind: 'note', id: note.id, corner };
    }
  }
  // Of a frame only title, border and corner: what is inside belongs to the canvas.
  for (const note of [...frames].reverse()) {
    if (isIn(at, note.x, note.y, note.width, note.height)) {
      const corner = at.x > note.x + note.width - CORNER && at.y > note.y + note.height - CORNER;
      if (corner || at.y < note.y + FRAME_TITLE) {
        return { kind: 'note', id: note.id, corner };
      }
    }
  }
  return null;
}

function isIn(at: IPoint, x: number, y: number, width: number, height: number): boolean {
  return at.x >= x && at.x <= x + width && at.y >= y && at.y <= y + height;
}
