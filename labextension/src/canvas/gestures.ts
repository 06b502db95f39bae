/** What the pointer does on the canvas. Every gesture ends in at most one edit of the document. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPipelineModel } from '../tokens';
import type { IBox, IPoint } from '../pipeline/document';
import { placeSteps, putComment, putFrame } from '../pipeline/drawing';
import { snapped } from '../pipeline/geometry';
import type { IPort } from '../pipeline/links';
import type { Engine } from './engine';
import type { Drag, Sizing, State } from './gesture_state';
import { boxBetween, inside, moved, onGrid, sized } from './gesture_state';
import type { Hit } from './hits';
import { hitAt } from './hits';
import { cursorOf, told } from './hover';
import { aim, join, pull, pulled } from './linking';
import type { IPulledLink } from './overlay';
import { minimapOf } from './overlay';
import type { Scene } from './scene';

/** So far the pointer moves before a press is a drag, in pixels. */
const THRESHOLD = 4;
const ZOOM_STEP = 1.0015;

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
  /** Something that looks like a button was pressed. */
  readonly press: (hit: Hit, at: IPoint) => void;
  /** The view was panned or zoomed. */
  readonly viewed: () => void;
}

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
    return this._state.kind === 'link' ? pulled(this._state, this._options) : null;
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
        if (model.readOnly) {
          this._choose(hit, false);
        } else {
          this._state = pull(model, hit.port, at);
        }
        break;
      case 'param':
      case 'title':
      case 'step':
        this._takeStep(hit.step, where, several);
        break;
      case 'progress':
      case 'trouble':
      case 'levels':
        this._choose(hit, false);
        this._state = { kind: 'button', hit, start: at };
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
      case 'button':
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
          ...aim(state, where, this._options)
        };
        break;
      }
    }
    this._options.redraw();
  }

  private _hover(at: IPoint): void {
    const { element, engine, scene } = this._options;
    const hit = hitAt(scene, engine.toDrawing(at), engine.view.scale);
    element.style.cursor = cursorOf(hit);
    element.title = told(hit, this._options);
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

  private _place(state: Drag | null, shift: IPoint): void {
    const { scene } = this._options;
    if (state !== null) {
      scene.shift(moved(state.places, shift));
      this._options.scene.sizing = { ids: state.notes, shift, size: false };
    }
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
      case 'button':
        if (Math.hypot(at.x - state.start.x, at.y - state.start.y) < THRESHOLD) {
          this._options.press(state.hit, at);
        }
        break;
      case 'drag':
        this._drop(state);
        break;
      case 'size':
        this._resize(state);
        break;
      case 'link':
        join(state, at, this._options);
        break;
      default:
        break;
    }
    this._options.redraw();
  }

  private _drop(state: Drag): void {
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

  private _resize(state: Sizing): void {
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
