/** What the pointer does on the canvas. Every gesture ends in at most one edit of the document. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPipelineModel } from '../tokens';
import type { IBox, IPoint } from '../pipeline/document';
import { snapped } from '../pipeline/geometry';
import type { IPort } from '../pipeline/links';
import { choose, chooseBand, chooseNote, chooseStep } from './choosing';
import { carry, drop, lift, resize } from './dragging';
import type { Engine } from './engine';
import type { State } from './gesture_state';
import { boxBetween, inside, onGrid, shifted } from './gesture_state';
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
    if (state.kind === 'drag') {
      carry(this._options, state, { x: 0, y: 0 });
    }
    this._state = { kind: 'idle' };
    this._options.scene.sizing = null;
    this._options.redraw();
  }

  /** The canvas was moved down on the page by so many pixels; the pointer was not. */
  moved(down: number): void {
    this._state = shifted(this._state, down);
  }

  // --- pressing --------------------------------------------------------------------------------

  private _press(event: PointerEvent): void {
    const { element, engine, scene, model, redraw } = this._options;
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
      choose(this._options, hit);
      redraw();
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
          choose(this._options, hit);
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
        choose(this._options, hit);
        this._state = { kind: 'button', hit, start: at };
        break;
      case 'note':
        this._takeNote(hit, where, several);
        break;
      case 'edge':
        choose(this._options, hit);
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
    const was = chooseStep(this._options, step, several);
    this._state = lift(this._options, where, several || !was ? null : step);
  }

  private _takeNote({ id, corner }: Hit & { kind: 'note' }, where: IPoint, several: boolean): void {
    chooseNote(this._options, id, several);
    if (!this._options.model.readOnly) {
      this._state = corner
        ? { kind: 'size', id, start: where, shift: { x: 0, y: 0 } }
        : lift(this._options, where, null);
    }
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
        chooseBand(this._options, boxBetween(engine.toDrawing(state.start), where), state.kept);
        break;
      case 'drag': {
        const shift = { x: where.x - state.start.x, y: where.y - state.start.y };
        const far = Math.hypot(shift.x, shift.y) * engine.view.scale;
        if (state.moved || far >= THRESHOLD) {
          const next = { ...state, moved: true, shift: onGrid(state, shift) };
          this._state = next;
          carry(this._options, next, next.shift);
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

  // --- letting go ------------------------------------------------------------------------------

  private _release(event: PointerEvent): void {
    const state = this._state;
    const at = this._at(event);
    this._state = { kind: 'idle' };
    this._options.scene.sizing = null;
    switch (state.kind) {
      case 'pan':
        if (!state.moved && state.hit !== null) {
          choose(this._options, state.hit);
        }
        break;
      case 'button':
        if (Math.hypot(at.x - state.start.x, at.y - state.start.y) < THRESHOLD) {
          this._options.press(state.hit, at);
        }
        break;
      case 'drag':
        drop(this._options, state);
        break;
      case 'size':
        resize(this._options, state);
        break;
      case 'link':
        join(state, at, this._options);
        break;
      default:
        break;
    }
    this._options.redraw();
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
