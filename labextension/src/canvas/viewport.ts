/** Which part of the drawing is on screen. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IBox, IPoint } from '../pipeline/document';
import { around } from '../pipeline/drawing';
import { GAP } from '../pipeline/geometry';
import type { IPipelineModel } from '../tokens';
import type { Engine, IView } from './engine';
import type { Scene } from './scene';

const ZOOM_STEP = 1.25;
/** At smaller scales a node is known by its place, not read. */
const READABLE = 0.6;
/** So far the chips reach at the left edge of a step. */
export const CHIPS = 120;

interface IOptions {
  readonly engine: Engine;
  readonly scene: Scene;
  readonly model: IPipelineModel;
  readonly redraw: () => void;
}

export class Viewport {
  constructor(private readonly _options: IOptions) {}

  /** Emits when the view was panned or zoomed by a person. */
  get changed(): ISignal<this, IView> {
    return this._changed;
  }

  get view(): IView {
    return this._options.engine.view;
  }

  /** Show this part of the drawing. Set before it is on screen, it is shown then. */
  set view(view: IView) {
    this._options.engine.view = view;
    this._isPlaced = true;
    this._isWhole = false;
    this._options.redraw();
  }

  /** The view as somebody has set it; null, all of the drawing is shown, or nothing yet. */
  get chosen(): IView | null {
    return this._isPlaced && !this._isWhole ? this.view : null;
  }

  dispose(): void {
    Signal.clearData(this);
  }

  /** The pointer has panned or zoomed. */
  noteChange(): void {
    this._isWhole = false;
    this._wasSeen = null;
    this._changed.emit(this.view);
  }

  /** Show everything, also when the canvas has another size afterwards: until it is moved by hand. */
  showAll(): void {
    this._fitTo(this._all(), true);
  }

  zoomToSelection(): void {
    const { model, scene } = this._options;
    const boxes = [...model.selection].flatMap(name => scene.boxOf(name) ?? []);
    this._fitTo(around(boxes) ?? scene.bounds());
  }

  zoom(inwards: boolean): void {
    this._options.engine.zoom(inwards ? ZOOM_STEP : 1 / ZOOM_STEP, this.middle);
    this.noteChange();
    this._options.redraw();
  }

  /**
   * Bring a step into view: not at all where it is seen, with the whole pipeline where that can be
   * read then, else moving no further than it must.
   */
  reveal(step: string): void {
    this.show(this._options.scene.boxOf(step));
  }

  /** The same with a box of the drawing. */
  show(box: IBox | null): void {
    const { engine, redraw } = this._options;
    if (box === null || engine.width === 0 || this._isSeen(box)) {
      return;
    }
    const all = this._all();
    if (all !== null) {
      const { view } = this;
      engine.fit(all, view.scale);
      if (engine.view.scale >= READABLE) {
        redraw();
        return;
      }
      engine.view = view;
    }
    const scale = Math.max(this.view.scale, READABLE);
    const { x, y } = this.view;
    const room = GAP.row / scale;
    const across = engine.width / scale;
    const down = engine.height / scale;
    this.view = {
      x: between(x, room - box.x, across - room - box.x - box.width),
      y: between(y, room - box.y, down - room - box.y - box.height),
      scale
    };
  }

  /**
   * The canvas is so large on the page now; 0, it is not seen. What is drawn goes up by so many pixels with that.
   * `settle` shows what is hidden by both.
   */
  resize(width: number, height: number, up = 0): void {
    if (width > 0 && height > 0) {
      const { engine, scene, model } = this._options;
      const [step] = model.selection;
      const box = step === undefined ? null : scene.boxOf(step);
      if (step !== undefined && box !== null && engine.width > 0 && this._isSeen(box)) {
        this._wasSeen = step;
      }
      this._isOtherWidth ||= width !== engine.width;
      this._isOtherSize ||= this._isOtherWidth || height !== engine.height;
      engine.pan(0, -up);
      engine.resize(width, height);
      this.place();
    }
  }

  /** Show what another size of the canvas has hidden. */
  settle(): void {
    const { engine, redraw } = this._options;
    const all = this._isWhole ? this._all() : null;
    const step = this._wasSeen;
    // A line more or less below the drawing, as of problems, moves nothing where there is room for it.
    const isFitted =
      this._isOtherWidth || (this._isOtherSize && all !== null && !this._isSeen(all));
    this._wasSeen = null;
    this._isOtherWidth = false;
    this._isOtherSize = false;
    if (all !== null && isFitted) {
      engine.fit(all);
      redraw();
    } else if (step !== null) {
      // A panel that opens beside it must not cover what it is about.
      this.reveal(step);
    }
  }

  /** The first view, once there is a size. */
  place(): void {
    const { engine, redraw } = this._options;
    if (!this._isPlaced && engine.width > 0) {
      const all = this._all();
      // What is drawn into an empty one stays where it was put.
      if (all !== null) {
        engine.fit(all);
        this._isWhole = true;
      }
      this._isPlaced = true;
      redraw();
    }
  }

  /** In pixels of the canvas. */
  get middle(): IPoint {
    const { width, height } = this._options.engine;
    return { x: width / 2, y: height / 2 };
  }

  private _isSeen(box: IBox): boolean {
    const { x, y, width, height } = this._options.engine.visible;
    return (
      box.x >= x && box.y >= y && box.x + box.width <= x + width && box.y + box.height <= y + height
    );
  }

  /** All of the drawing, with the chips at the left edge of what is there; null, it is empty. */
  private _all(): IBox | null {
    const all = this._options.scene.bounds();
    return all === null ? null : { ...all, x: all.x - CHIPS, width: all.width + CHIPS };
  }

  private _fitTo(box: IBox | null, isWhole = false): void {
    if (box !== null) {
      this._isWhole = isWhole;
      this._options.engine.fit(box);
      this._changed.emit(this.view);
      this._options.redraw();
    }
  }

  private readonly _changed = new Signal<this, IView>(this);
  private _isPlaced = false;
  /** All of the drawing is shown, at first or as it was asked for, and nothing else since. */
  private _isWhole = false;
  /** A step that was selected and seen before the size was another; null, there is none. */
  private _wasSeen: string | null = null;
  private _isOtherWidth = false;
  private _isOtherSize = false;
}

/** `value`, or the nearest to it; where nothing lies between, the first end. */
function between(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, most));
}
