/** What the pointer does on the canvas. Every gesture ends in at most one edit of the document. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPipelineModel } from '../tokens';
import { declared } from '../pipeline/catalogue';
import type { IBox, IEdge, IPoint } from '../pipeline/document';
import { placeSteps, putComment, putFrame } from '../pipeline/drawing';
import { connect, disconnect } from '../pipeline/edits';
import { snapped } from '../pipeline/geometry';
import type { IPort } from '../pipeline/links';
import { edgeOf, refuse } from '../pipeline/links';
import type { Engine } from './engine';
import type { Hit } from './hits';
import { hitAt, topNode } from './hits';
import type { IPulledLink } from './overlay';
import { minimapOf } from './overlay';
import type { Scene } from './scene';
import { portOf } from './scene';

/** So far the pointer moves before a press is a drag, in pixels. */
const THRESHOLD = 4;
const ZOOM_STEP = 1.0015;
/** A frame or comment cannot be made smaller. */
const LEAST = { width: 80, height: 40 } as const;

export interface IGestureOptions {
  readonly element: HTMLElement;
  readonly engine: Engine;
  readonly scene: Scene;
  readonly model: IPipelineModel;
  readonly trans: TranslationBundle;
  /** Draw again. */
  readonly redraw: () => void;
  /** A port was clicked, or a link was let go over nothing. */
  readonly offer: (port: IPort, at: IPoint) => void;
  /** Something was double-clicked. */
  readonly edit: (hit: Hit, at: IPoint) => void;
  /** The view was panned or zoomed. */
  readonly viewed: () => void;
}

type State =
  | { readonly kind: 'idle' }
  | {
      readonly kind: 'pan';
      readonly last: IPoint;
      readonly hit: Hit | null;
      readonly moved: boolean;
    }
  | { readonly kind: 'map' }
  | {
      readonly kind: 'band';
      readonly start: IPoint;
      readonly end: IPoint;
      readonly kept: ReadonlySet<string>;
    }
  | {
      readonly kind: 'drag';
      readonly start: IPoint;
      readonly places: ReadonlyMap<string, IPoint>;
      readonly notes: readonly string[];
      readonly moved: boolean;
      /** What a press without a drag selects alone. */
      readonly alone: string | null;
      readonly shift: IPoint;
    }
  | { readonly kind: 'size'; readonly id: string; readonly start: IPoint; readonly shift: IPoint }
  | {
      readonly kind: 'link';
      readonly port: IPort;
      /** The link that is taken off its input. */
      readonly taken: IEdge | null;
      readonly start: IPoint;
      readonly at: IPoint;
      readonly over: IPort | null;
      readonly reason: string | null;
      readonly moved: boolean;
    };

export class Gestures {
  constructor(private readonly _options: IGestureOptions) {
    const { element } = _options;
    for (const [type, handler] of this._handlers) {
      element.addEventListener(type, handler, type === 'wheel' ? { passive: false } : undefined);
    }
  }

  dispose(): void {
    for (const [type, handler] of this._handlers) {
      this._options.element.removeEventListener(type, handler);
    }
  }

  /** The rubber band, in pixels of the canvas. */
  get band(): IBox | null {
    return this._state.kind === 'band' ? boxBetween(this._state.start, this._state.end) : null;
  }

  get link(): IPulledLink | null {
    const state = this._state;
    if (state.kind !== 'link' || !state.moved) {
      return null;
    }
    const { engine, scene } = this._options;
    const node = scene.nodes.get(state.port.step);
    if (node === undefined) {
      return null;
    }
    const from = engine.toPage(portOf(node, state.port.side, state.port.name));
    return {
      from,
      to: state.at,
      forward: state.port.side === 'out',
      reason: state.reason,
      fits: state.over !== null && state.reason === null
    };
  }

  get isIdle(): boolean {
    return this._state.kind === 'idle';
  }

  /** Give up what is being done; nothing is changed. */
  cancel(): void {
    const state = this._state;
    if (state.kind === 'drag' || state.kind === 'size') {
      this._place(state.kind === 'drag' ? state : null, { x: 0, y: 0 });
    }
    this._state = { kind: 'idle' };
    this._options.scene.sizing = null;
    this._options.redraw();
  }

  // --- pressing --------------------------------------------------------------------------------

  private _press(event: PointerEvent): void {
    const { element, engine, scene, model } = this._options;
    const at = this._at(event);
    const where = engine.toDrawing(at);
    const hit = hitAt(scene, where, engine.view.scale);
    element.setPointerCapture(event.pointerId);
    if (event.button === 1 || (event.button === 0 && this._spaceDown)) {
      event.preventDefault();
      this._state = { kind: 'pan', last: at, hit: null, moved: false };
      return;
    }
    if (event.button === 2) {
      this._choose(hit, false);
      return;
    }
    if (event.button !== 0) {
      return;
    }
    const map = minimapOf(engine, scene);
    if (map !== null && inside(at, map)) {
      this._state = { kind: 'map' };
      this._jump(at);
      return;
    }
    const several = event.shiftKey || event.ctrlKey || event.metaKey;
    switch (hit.kind) {
      case 'port':
        if (!model.readOnly) {
          this._state = this._pull(hit.port, at);
        }
        break;
      case 'param':
      case 'title':
      case 'step':
        this._takeStep(hit.step, where, several);
        break;
      case 'note':
        this._takeNote(hit, where, several);
        break;
      case 'edge':
        this._choose(hit, false);
        break;
      case 'canvas':
        this._state = several
          ? { kind: 'band', start: at, end: at, kept: new Set(model.selection) }
          : { kind: 'pan', last: at, hit, moved: false };
        break;
    }
    this._options.redraw();
  }

  private _pull(port: IPort, at: IPoint): State {
    const { model } = this._options;
    const binding =
      port.side === 'in' ? model.document.steps.get(port.step)?.inputs.get(port.name) : undefined;
    const rest = { start: at, at, over: null, reason: null, moved: false } as const;
    if (binding?.kind === 'step' && model.document.steps.has(binding.step)) {
      const taken = {
        step: binding.step,
        output: binding.output,
        target: port.step,
        input: port.name
      };
      const source: IPort = { step: binding.step, side: 'out', name: binding.output };
      return { kind: 'link', port: source, taken, ...rest };
    }
    return { kind: 'link', port, taken: null, ...rest };
  }

  private _takeStep(step: string, where: IPoint, several: boolean): void {
    const { model, scene } = this._options;
    scene.edge = null;
    scene.notes = several ? scene.notes : new Set();
    const was = model.selection.has(step);
    if (several) {
      const next = new Set(model.selection);
      if (was) {
        next.delete(step);
      } else {
        next.add(step);
      }
      model.select(next);
    } else if (!was) {
      model.select([step]);
    }
    scene.raise(step);
    this._startDrag(where, several || !was ? null : step);
  }

  private _takeNote(hit: Hit & { kind: 'note' }, where: IPoint, several: boolean): void {
    const { model, scene } = this._options;
    if (!scene.notes.has(hit.id)) {
      scene.notes = new Set(several ? [...scene.notes, hit.id] : [hit.id]);
      if (!several) {
        model.select(this._inFrame(hit.id));
      }
    }
    if (model.readOnly) {
      return;
    }
    if (hit.corner) {
      this._state = { kind: 'size', id: hit.id, start: where, shift: { x: 0, y: 0 } };
    } else {
      this._startDrag(where, null);
    }
  }

  /** A frame is moved with the steps in it. */
  private _inFrame(id: string): string[] {
    const { scene } = this._options;
    const frame = scene.frame(id);
    return frame === undefined
      ? []
      : [...scene.nodes.values()].flatMap(node => {
          const { left: x, top: y, wide: width, high: height } = node;
          const isIn =
            x >= frame.x &&
            y >= frame.y &&
            x + width <= frame.x + frame.width &&
            y + height <= frame.y + frame.height;
          return isIn ? [node.step.name] : [];
        });
  }

  private _startDrag(where: IPoint, alone: string | null): void {
    const { model, scene } = this._options;
    if (model.readOnly) {
      this._state = { kind: 'idle' };
      return;
    }
    const places = new Map<string, IPoint>();
    for (const name of model.selection) {
      const box = scene.boxOf(name);
      if (box !== null) {
        places.set(name, { x: box.x, y: box.y });
      }
    }
    this._state = {
      kind: 'drag',
      start: where,
      places,
      notes: [...scene.notes],
      moved: false,
      alone,
      shift: { x: 0, y: 0 }
    };
  }

  /** Select what was hit. */
  private _choose(hit: Hit, keep: boolean): void {
    const { model, scene } = this._options;
    scene.edge = hit.kind === 'edge' ? hit.edge : null;
    scene.notes = hit.kind === 'note' ? new Set([hit.id]) : keep ? scene.notes : new Set();
    const step = hit.kind === 'port' ? hit.port.step : 'step' in hit ? hit.step : null;
    if (step === null) {
      model.select([]);
    } else if (!model.selection.has(step)) {
      model.select([step]);
    }
    this._options.redraw();
  }

  // --- moving ----------------------------------------------------------------------------------

  private _move(event: PointerEvent): void {
    const { engine } = this._options;
    const at = this._at(event);
    const where = engine.toDrawing(at);
    const state = this._state;
    switch (state.kind) {
      case 'idle':
        this._hover(at);
        return;
      case 'pan': {
        const far = Math.hypot(at.x - state.last.x, at.y - state.last.y);
        if (state.moved || far >= THRESHOLD) {
          engine.pan(at.x - state.last.x, at.y - state.last.y);
          this._state = { ...state, last: at, moved: true };
          this._options.viewed();
        }
        break;
      }
      case 'map':
        this._jump(at);
        break;
      case 'band':
        this._state = { ...state, end: at };
        this._selectBand(state.start, at, state.kept);
        break;
      case 'drag': {
        const shift = { x: where.x - state.start.x, y: where.y - state.start.y };
        const far = Math.hypot(shift.x, shift.y) * engine.view.scale;
        if (state.moved || far >= THRESHOLD) {
          const next = { ...state, moved: true, shift: onGrid(state, shift) };
          this._state = next;
          this._place(next, next.shift);
        }
        break;
      }
      case 'size': {
        const shift = {
          x: snapped(where.x - state.start.x),
          y: snapped(where.y - state.start.y)
        };
        this._state = { ...state, shift };
        this._options.scene.sizing = { ids: [state.id], shift, size: true };
        break;
      }
      case 'link': {
        const far = Math.hypot(at.x - state.start.x, at.y - state.start.y);
        this._state = {
          ...state,
          at,
          moved: state.moved || far >= THRESHOLD,
          ...this._aim(state, where)
        };
        break;
      }
    }
    this._options.redraw();
  }

  private _hover(at: IPoint): void {
    const { element, engine, scene } = this._options;
    const hit = hitAt(scene, engine.toDrawing(at), engine.view.scale);
    element.style.cursor = CURSORS[hit.kind];
    element.title = this._told(hit);
  }

  /** What is said of a thing under the pointer. */
  private _told(hit: Hit): string {
    const { model, scene, trans } = this._options;
    if (hit.kind === 'port') {
      const { step, side, name } = hit.port;
      const { inputs, outputs } = declared(model.document.steps.get(step), model.catalogue);
      if (side === 'out') {
        const output = outputs.find(each => each.name === name);
        return output === undefined ? name : trans.__('%1: %2', name, output.type);
      }
      const input = inputs.find(each => each.name === name);
      const type = input?.value_type ?? input?.type ?? '';
      const lines = [
        type === '' ? name : trans.__('%1: %2', name, type),
        input?.module === null || input === undefined
          ? ''
          : trans.__('a result of module %1', input.module),
        input?.gather === true ? trans.__('a gathered list') : '',
        input?.description ?? ''
      ];
      return lines.filter(line => line !== '').join('\n');
    }
    const step = 'step' in hit ? hit.step : null;
    const messages = step === null ? [] : model.problems.filter(each => each.step === step);
    if (messages.length > 0) {
      return messages.map(each => each.message).join('\n');
    }
    if (hit.kind === 'param') {
      return hit.param;
    }
    if (hit.kind === 'title' && step !== null) {
      return scene.nodes.get(step)?.version?.declaration.description ?? '';
    }
    return '';
  }

  private _selectBand(start: IPoint, end: IPoint, kept: ReadonlySet<string>): void {
    const { engine, scene, model } = this._options;
    const a = engine.toDrawing(start);
    const b = engine.toDrawing(end);
    const band = boxBetween(a, b);
    const hit = [...scene.nodes.values()].filter(node => {
      const { left: x, top: y, wide: width, high: height } = node;
      return (
        x < band.x + band.width &&
        band.x < x + width &&
        y < band.y + band.height &&
        band.y < y + height
      );
    });
    model.select(new Set([...kept, ...hit.map(node => node.step.name)]));
  }

  private _place(state: (State & { kind: 'drag' }) | null, shift: IPoint): void {
    const { scene } = this._options;
    if (state !== null) {
      scene.shift(moved(state.places, shift));
      this._options.scene.sizing = { ids: state.notes, shift, size: false };
    }
  }

  /** What a pulled link would end at: the port under the pointer, or one of the node there. */
  private _aim(
    state: State & { kind: 'link' },
    where: IPoint
  ): { over: IPort | null; reason: string | null } {
    const { engine, scene, model, trans } = this._options;
    const { port, taken } = state;
    const side = port.side === 'out' ? 'in' : 'out';
    const document = taken === null ? model.document : disconnect(model.document, taken);
    const reasonFor = (over: IPort): string | null =>
      refuse(document, model.catalogue, edgeOf(port, over), trans);
    const hit = hitAt(scene, where, engine.view.scale);
    if (hit.kind === 'port') {
      if (hit.port.side === side) {
        return { over: hit.port, reason: reasonFor(hit.port) };
      }
      const isStart = hit.port.step === port.step && hit.port.name === port.name;
      const reason =
        side === 'in'
          ? trans.__('Links go from an output to an input.')
          : trans.__('Links come from an output.');
      return { over: null, reason: isStart ? null : reason };
    }
    const node = topNode(scene, where);
    if (node === null) {
      return { over: null, reason: null };
    }
    const names = side === 'in' ? node.form.inputs : node.form.outputs;
    let first: string | null = null;
    for (const name of names) {
      const over = { step: node.step.name, side, name } as const;
      const reason = reasonFor(over);
      if (reason === null) {
        return { over, reason };
      }
      first ??= reason;
    }
    return {
      over: null,
      reason: node.step.name === port.step && names.length === 0 ? null : first
    };
  }

  // --- letting go ------------------------------------------------------------------------------

  private _release(event: PointerEvent): void {
    const state = this._state;
    const at = this._at(event);
    this._state = { kind: 'idle' };
    this._options.scene.sizing = null;
    switch (state.kind) {
      case 'pan':
        if (!state.moved && state.hit !== null) {
          this._choose(state.hit, false);
        }
        break;
      case 'drag':
        this._drop(state);
        break;
      case 'size':
        this._resize(state);
        break;
      case 'link':
        this._join(state, at);
        break;
      default:
        break;
    }
    this._options.redraw();
  }

  private _drop(state: State & { kind: 'drag' }): void {
    const { model, scene, trans } = this._options;
    if (!state.moved) {
      if (state.alone !== null) {
        model.select([state.alone]);
      }
      return;
    }
    const { shift } = state;
    const count = state.places.size + state.notes.length;
    const [only] = state.places.keys();
    const name =
      count === 1 && only !== undefined
        ? trans.__('move %1', only)
        : trans.__('move %1 things', count);
    const changed = model.commit(name, document => {
      let next = placeSteps(document, moved(state.places, shift));
      for (const id of state.notes) {
        const frame = next.layout.frames.find(each => each.id === id);
        const comment = next.layout.comments.find(each => each.id === id);
        if (frame !== undefined) {
          next = putFrame(next, { ...frame, x: frame.x + shift.x, y: frame.y + shift.y });
        }
        if (comment !== undefined) {
          next = putComment(next, { ...comment, x: comment.x + shift.x, y: comment.y + shift.y });
        }
      }
      return next;
    });
    if (!changed) {
      scene.shift(state.places);
    }
  }

  private _resize(state: State & { kind: 'size' }): void {
    const { model, scene, trans } = this._options;
    const frame = scene.frame(state.id);
    const comment = scene.comment(state.id);
    if (frame !== undefined) {
      model.commit(trans.__('resize frame'), each => putFrame(each, sized(frame, state.shift)));
    }
    if (comment !== undefined) {
      model.commit(trans.__('resize comment'), each =>
        putComment(each, sized(comment, state.shift))
      );
    }
  }

  private _join(state: State & { kind: 'link' }, at: IPoint): void {
    const { model, trans, offer } = this._options;
    const { taken, over, reason } = state;
    if (!state.moved) {
      const clicked: IPort =
        taken === null ? state.port : { step: taken.target, side: 'in', name: taken.input };
      model.select([clicked.step]);
      offer(clicked, at);
      return;
    }
    if (over === null) {
      if (reason !== null) {
        return;
      }
      if (taken !== null) {
        model.commit(trans.__('disconnect %1', `${taken.target}.${taken.input}`), document =>
          disconnect(document, taken)
        );
      } else {
        offer(state.port, at);
      }
      return;
    }
    if (reason !== null) {
      return;
    }
    const edge = edgeOf(state.port, over);
    const { inputs } = declared(model.document.steps.get(edge.target), model.catalogue);
    const input = inputs.find(each => each.name === edge.input);
    if (taken !== null && taken.target === edge.target && taken.input === edge.input) {
      return;
    }
    model.commit(trans.__('connect %1 to %2', edge.step, edge.target), document =>
      connect(taken === null ? document : disconnect(document, taken), edge, input)
    );
  }

  // --- the rest --------------------------------------------------------------------------------

  private _jump(at: IPoint): void {
    const { engine, scene } = this._options;
    const map = minimapOf(engine, scene);
    if (map !== null) {
      const { scale } = engine.view;
      const x = (at.x - map.left) / map.scale;
      const y = (at.y - map.top) / map.scale;
      engine.view = {
        x: engine.width / scale / 2 - x,
        y: engine.height / scale / 2 - y,
        scale
      };
      this._options.viewed();
    }
  }

  private _wheel(event: WheelEvent): void {
    const { engine } = this._options;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    // A pinch arrives as a wheel with Ctrl; two fingers that also move sideways mean panning.
    const pans = !event.ctrlKey && (event.shiftKey || event.deltaX !== 0);
    if (pans) {
      const across = event.deltaX !== 0 ? event.deltaX : event.deltaY;
      const down = event.deltaX !== 0 ? event.deltaY : 0;
      engine.pan(-across * unit, -down * unit);
    } else {
      const speed = event.ctrlKey ? 5 : 1;
      engine.zoom(ZOOM_STEP ** (-event.deltaY * unit * speed), this._at(event));
    }
    this._options.viewed();
    this._options.redraw();
  }

  private _at(event: MouseEvent): IPoint {
    const box = this._options.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** Held, the left button pans wherever it is pressed. */
  set spaceDown(down: boolean) {
    this._spaceDown = down;
  }

  private readonly _handlers: readonly [string, (event: Event) => void][] = [
    [
      'pointerdown',
      event => {
        this._press(event as PointerEvent);
      }
    ],
    [
      'pointermove',
      event => {
        this._move(event as PointerEvent);
      }
    ],
    [
      'pointerup',
      event => {
        this._release(event as PointerEvent);
      }
    ],
    [
      'pointercancel',
      () => {
        this.cancel();
      }
    ],
    [
      'wheel',
      event => {
        this._wheel(event as WheelEvent);
      }
    ],
    [
      'dblclick',
      event => {
        const { engine, scene, edit } = this._options;
        const at = this._at(event as MouseEvent);
        edit(hitAt(scene, engine.toDrawing(at), engine.view.scale), at);
      }
    ]
  ];

  private _state: State = { kind: 'idle' };
  private _spaceDown = false;
}

const CURSORS: Record<Hit['kind'], string> = {
  port: 'crosshair',
  param: 'default',
  title: 'default',
  step: 'default',
  edge: 'pointer',
  note: 'move',
  canvas: 'grab'
};

function boxBetween(a: IPoint, b: IPoint): IBox {
  return {
    x: Math.min(a.x, b.x),
    y: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y)
  };
}

function inside(at: IPoint, box: IBox): boolean {
  return at.x >= box.x && at.x <= box.x + box.width && at.y >= box.y && at.y <= box.y + box.height;
}

function moved(places: ReadonlyMap<string, IPoint>, shift: IPoint): Map<string, IPoint> {
  return new Map([...places].map(([name, { x, y }]) => [name, { x: x + shift.x, y: y + shift.y }]));
}

/** The first thing lands on the grid; the others keep their distance from it. */
function onGrid(state: State & { kind: 'drag' }, shift: IPoint): IPoint {
  const [first] = state.places.values();
  return first === undefined
    ? { x: snapped(shift.x), y: snapped(shift.y) }
    : { x: snapped(first.x + shift.x) - first.x, y: snapped(first.y + shift.y) - first.y };
}

function sized<T extends IBox>(box: T, shift: IPoint): T {
  return {
    ...box,
    width: Math.max(LEAST.width, box.width + shift.x),
    height: Math.max(LEAST.height, box.height + shift.y)
  };
}
