/** The canvas of a pipeline. Heavy: loaded when the first one is opened. */

import type { IThemeManager } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Drag } from '@lumino/dragdrop';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import type { IMark } from '../api/marks';
import type { IBox, IPoint } from '../pipeline/document';
import { around } from '../pipeline/drawing';
import { GAP } from '../pipeline/geometry';
import { sheetOf } from '../samples/sheet';
import type { IApi, IPipelineModel } from '../tokens';
import { Editing } from './editing';
import type { IView } from './engine';
import { Engine } from './engine';
import { Gestures } from './gestures';
import type { Hit } from './hits';
import { hitAt } from './hits';
import { addAt } from './offers';
import type { IPulledLink } from './overlay';
import { drawMinimap, drawPulledLink, drawRubberBand } from './overlay';
import { Painter } from './paint';
import type { INodePart } from './scene';
import { partOf, Scene } from './scene';
import type { IAbout } from './selection';
import { addComment, addFrame, deleteSelection, hasSelection, nudge } from './selection';
import type { ICanvasTokens } from './tokens';
import { readTokens } from './tokens';
import { Words } from './words';

/** What a method that is dragged out of the list is called; its data is `{method, version?}`. */
export const METHOD_MIME = 'application/vnd.pm-method';

const ZOOM_STEP = 1.25;
const SECOND = 1000;
/** At smaller scales a node is known by its place, not read. */
const READABLE = 0.6;

interface ICanvasOptions {
  model: IPipelineModel;
  api: IApi;
  trans: TranslationBundle;
  themes: IThemeManager | null;
  actions?: ICanvasActions;
}

/** What is done outside the canvas. */
export interface ICanvasActions {
  /** Show the runs of a step of the viewed plan; the point is where it was pressed. */
  readonly unfold: (step: string, at: IPoint) => void;
  /** Show the log of the first failed run of a step. */
  readonly openFailure: (step: string) => void;
  /** Choose one of all runs as an input. */
  readonly chooseRun: (step: string, input: string) => void;
}

export class CanvasWidget extends Widget {
  constructor(private readonly _options: ICanvasOptions) {
    super({ node: document.createElement('div') });
    const { trans, model, themes } = _options;
    this.addClass('pm-Canvas');
    this.node.tabIndex = 0;
    this.node.setAttribute('role', 'group');
    this.node.setAttribute(
      'aria-label',
      trans.__('Drawing of the pipeline. The step table says and does the same by keyboard.')
    );
    this._element = document.createElement('canvas');
    this._element.setAttribute('aria-hidden', 'true');
    this.node.append(this._element);
    this._painter = new Painter(context => {
      this._drawOverlay(context);
    }, new Words(trans));
    this._engine = new Engine(this._element, this._painter);
    this.scene = new Scene(this._engine);
    this._tokens = readTokens(this.node, true);
    this._painter.attach(this._engine, this.scene, this._tokens);
    this._about = { model, trans, scene: this.scene };
    this._editing = new Editing({
      ...this._about,
      host: this.node,
      engine: this._engine,
      api: _options.api,
      chooseRun: _options.actions?.chooseRun
    });
    this._gestures = new Gestures({
      element: this._element,
      engine: this._engine,
      scene: this.scene,
      model,
      trans,
      redraw: this.redraw,
      offer: (port, at) => {
        this._editing.offer(port, at);
      },
      edit: this._doubled,
      press: this._pressed,
      viewed: () => {
        this._viewChanged.emit(this.view);
      }
    });
    model.changed.connect(this._patch);
    model.selectionChanged.connect(this._select);
    model.statesChanged.connect(this._showStates);
    model.checked.connect(this._check);
    themes?.themeChanged.connect(this._retheme);
  }

  readonly scene: Scene;

  /** Emits when the view was panned or zoomed by a person. */
  get viewChanged(): ISignal<this, IView> {
    return this._viewChanged;
  }

  get view(): IView {
    return this._engine.view;
  }

  /** Show this part of the drawing. Set before it is on screen, it is shown then. */
  set view(view: IView) {
    this._engine.view = view;
    this._isPlaced = true;
    this.redraw();
  }

  /** The link that is being pulled; null, none is. */
  get pulled(): IPulledLink | null {
    return this._gestures.link;
  }

  set marks(marks: readonly IMark[]) {
    this._painter.marks = marks;
    this.redraw();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      cancelAnimationFrame(this._frame);
      window.clearTimeout(this._clock);
      this._sizes.disconnect();
      this._gestures.dispose();
      this._options.themes?.themeChanged.disconnect(this._retheme);
      const { model } = this._options;
      model.changed.disconnect(this._patch);
      model.selectionChanged.disconnect(this._select);
      model.statesChanged.disconnect(this._showStates);
      model.checked.disconnect(this._check);
      Signal.clearData(this);
      this._engine.dispose();
      super.dispose();
    }
  }

  // --- what commands do ------------------------------------------------------------------------

  /** Show everything. */
  showAll(): void {
    this._fitTo(this.scene.bounds());
  }

  zoomToSelection(): void {
    const boxes = [...this._options.model.selection].flatMap(name => this.scene.boxOf(name) ?? []);
    this._fitTo(around(boxes) ?? this.scene.bounds());
  }

  zoom(inwards: boolean): void {
    this._engine.zoom(inwards ? ZOOM_STEP : 1 / ZOOM_STEP, this._middle());
    this._viewChanged.emit(this.view);
    this.redraw();
  }

  /**
   * Bring a step into view: not at all where it is seen, with the whole pipeline where that can be
   * read then, else moving no further than it must.
   */
  reveal(step: string): void {
    const box = this.scene.boxOf(step);
    if (box === null || this._engine.width === 0 || this._isSeen(box)) {
      return;
    }
    const all = this.scene.bounds();
    if (all !== null) {
      const { view } = this;
      this._engine.fit(withChips(all), view.scale);
      if (this._engine.view.scale >= READABLE) {
        this.redraw();
        return;
      }
      this._engine.view = view;
    }
    const scale = Math.max(this.view.scale, READABLE);
    const { x, y } = this.view;
    const room = GAP.row / scale;
    const across = this._engine.width / scale;
    const down = this._engine.height / scale;
    this.view = {
      x: between(x, across - room - box.x - box.width, room - box.x),
      y: between(y, down - room - box.y - box.height, room - box.y),
      scale
    };
  }

  /** Open the search for methods, in the middle or at a point of the canvas. */
  quickAdd(at: IPoint = this._middle()): void {
    this._editing.quickAdd(at);
  }

  /**
   * Where on the page a step, one of its ports or its parameters is; null, it is not drawn.
   *
   * For what must point at it: tours, and tests that use the mouse.
   */
  pointOf(step: string, part: INodePart = {}): IPoint | null {
    const node = this.scene.nodes.get(step);
    if (node === undefined) {
      return null;
    }
    const box = this._element.getBoundingClientRect();
    const { x, y } = this._engine.toPage(partOf(node, part));
    return { x: x + box.left, y: y + box.top };
  }

  /** A free place in the middle of what is seen. */
  freePlace(): IPoint {
    return this._editing.placeAt(this._middle());
  }

  addComment(): void {
    this._editing.note(addComment(this._about, this.freePlace()));
  }

  /** A frame around the selected steps, else an empty one. */
  addFrame(): void {
    this._editing.note(addFrame(this._about, this.freePlace()));
  }

  /** Whether anything could be deleted. */
  get hasSelection(): boolean {
    return hasSelection(this._about);
  }

  /** Delete what is selected: steps, a link, frames, comments. */
  deleteSelection(): void {
    deleteSelection(this._about);
  }

  /** Move what is selected by steps of the grid. */
  nudge(dx: number, dy: number): void {
    nudge(this._about, dx, dy);
  }

  /** Edit the title of the selected step where it stands. */
  editTitle(): void {
    const [step] = this._options.model.selection;
    if (step !== undefined) {
      this._editing.title(step);
    }
  }

  /** Edit a parameter where its value stands. */
  editParam(step: string, param: string): void {
    this._editing.param(step, param);
  }

  cancel(): void {
    if (!this._gestures.isIdle) {
      this._gestures.cancel();
    } else {
      this.scene.edge = null;
      this.scene.notes = new Set();
      this._options.model.select([]);
      this.redraw();
    }
  }

  /** Draw when the page draws next. */
  readonly redraw = (): void => {
    if (this._frame === 0 && this.isVisible && !this.isDisposed) {
      this._frame = requestAnimationFrame(() => {
        this._frame = 0;
        this.drawNow();
      });
    }
  };

  drawNow(): void {
    this._engine.draw();
  }

  // --- Lumino ----------------------------------------------------------------------------------

  handleEvent(event: Event): void {
    switch (event.type) {
      case 'lm-dragenter':
      case 'lm-dragover':
        if (isDrag(event)) {
          this._dragOver(event);
        }
        break;
      case 'lm-drop':
        if (isDrag(event)) {
          this._dropped(event);
        }
        break;
      case 'pointerdown':
        this._noteHit(event as PointerEvent);
        break;
      case 'keydown':
      case 'keyup':
        this._key(event as KeyboardEvent);
        break;
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    for (const type of EVENTS) {
      this.node.addEventListener(type, this, type === 'pointerdown');
    }
    this._sizes.observe(this.node);
    this._retheme();
    this._patch();
  }

  protected override onBeforeDetach(msg: Message): void {
    for (const type of EVENTS) {
      this.node.removeEventListener(type, this, type === 'pointerdown');
    }
    this._sizes.disconnect();
    super.onBeforeDetach(msg);
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._resize();
    this._tick();
  }

  protected override onResize(msg: Widget.ResizeMessage): void {
    super.onResize(msg);
    this._resize();
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.focus({ preventScroll: true });
  }

  // --- following the model ---------------------------------------------------------------------

  private readonly _patch = (): void => {
    const { model } = this._options;
    this.scene.columns = new Set(sheetOf(model.request.samples).columns);
    this.scene.isSnapshot = model.viewing !== null;
    this.scene.patch(model.document, model.catalogue);
    this._check();
    this._place();
    this.redraw();
  };

  private readonly _select = (): void => {
    this.scene.selection = this._options.model.selection;
    this.redraw();
  };

  private readonly _showStates = (): void => {
    this.scene.states = this._options.model.states;
    this.redraw();
    this._tick();
  };

  /** What is running shows for how long; nothing else moves by itself. */
  private _tick(): void {
    window.clearTimeout(this._clock);
    const runs = [...this.scene.states.values()].some(({ counts }) => (counts['running'] ?? 0) > 0);
    if (runs && this.isVisible && !this.isDisposed) {
      this._clock = window.setTimeout(() => {
        this.redraw();
        this._tick();
      }, SECOND);
    }
  }

  private readonly _check = (): void => {
    const problems = new Map<string, 'error' | 'notice'>();
    const links = new Set<string>();
    for (const { step, edge, severity, code } of this._options.model.problems) {
      if (step !== null && problems.get(step) !== 'error') {
        // What is not connected yet is unfinished, not wrong: the empty port says it.
        problems.set(step, code === 'missing_input' ? 'notice' : severity);
      }
      // Said before the link was there, it is about its absence.
      if (edge !== null && severity === 'error' && code !== 'missing_input') {
        links.add(edge);
      }
    }
    this.scene.problems = problems;
    this.scene.brokenLinks = links;
    this.redraw();
  };

  private readonly _retheme = (): void => {
    const { themes } = this._options;
    const theme = themes?.theme ?? null;
    const isLight = theme === null || (themes?.isLight(theme) ?? true);
    this._tokens = readTokens(this.node, isLight);
    this._painter.setTokens(this._tokens);
    this.redraw();
  };

  private _resize(): void {
    const { clientWidth, clientHeight } = this.node;
    if (clientWidth > 0 && clientHeight > 0) {
      const [step] = this._options.model.selection;
      const box = step === undefined ? null : this.scene.boxOf(step);
      const wasSeen = box !== null && this._engine.width > 0 && this._isSeen(box);
      this._engine.resize(clientWidth, clientHeight);
      this._place();
      if (step !== undefined && wasSeen) {
        // A panel that opens beside it must not cover what it is about.
        this.reveal(step);
      }
    }
  }

  private _isSeen(box: IBox): boolean {
    const { x, y, width, height } = this._engine.visible;
    return (
      box.x >= x && box.y >= y && box.x + box.width <= x + width && box.y + box.height <= y + height
    );
  }

  /** The first view, once there is a size. */
  private _place(): void {
    if (!this._isPlaced && this._engine.width > 0) {
      const all = this.scene.bounds();
      // What is drawn into an empty one stays where it was put.
      if (all !== null) {
        this._engine.fit(withChips(all));
      }
      this._isPlaced = true;
      this.redraw();
    }
  }

  private _fitTo(box: IBox | null): void {
    if (box !== null) {
      this._engine.fit(box);
      this._viewChanged.emit(this.view);
      this.redraw();
    }
  }

  private _drawOverlay(context: CanvasRenderingContext2D): void {
    const { band, link } = this._gestures;
    drawMinimap(context, this._engine, this.scene, this._tokens);
    if (band !== null) {
      drawRubberBand(context, band, this._tokens);
    }
    if (link !== null) {
      drawPulledLink(context, link, this._tokens, this._engine.width);
    }
  }

  private _middle(): IPoint {
    return { x: this._engine.width / 2, y: this._engine.height / 2 };
  }

  // --- events ----------------------------------------------------------------------------------

  /** For the Lab's context menu, which asks the page what was hit. */
  private _noteHit(event: PointerEvent): void {
    // What has opened over the canvas has a focus of its own.
    if (event.target !== this._element) {
      return;
    }
    const hit = this._hit(event);
    this.node.dataset['pmHit'] = hit.kind === 'port' || 'step' in hit ? 'step' : hit.kind;
    this.node.focus({ preventScroll: true });
  }

  private _hit(event: MouseEvent): Hit {
    return hitAt(this.scene, this._engine.toDrawing(this._at(event)), this.view.scale);
  }

  private _key(event: KeyboardEvent): void {
    if (event.target !== this.node) {
      return;
    }
    if (event.key === ' ') {
      this._gestures.spaceDown = event.type === 'keydown';
      event.preventDefault();
    }
    if (event.type === 'keydown' && event.key === 'ContextMenu') {
      this.node.dataset['pmHit'] = this._options.model.selection.size > 0 ? 'step' : 'canvas';
    }
  }

  private _dragOver(event: Drag.Event): void {
    if (event.mimeData.hasData(METHOD_MIME) && !this._options.model.readOnly) {
      event.preventDefault();
      event.stopPropagation();
      event.dropAction = 'copy';
    }
  }

  private _dropped(event: Drag.Event): void {
    const data = event.mimeData.getData(METHOD_MIME) as
      { method: string; version?: number } | undefined;
    if (data === undefined) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const { model, trans } = this._options;
    event.dropAction = 'copy';
    addAt(
      model,
      data.method,
      this._editing.placeAt(this._at(event)),
      trans,
      data.version ?? 'latest'
    );
    this.node.focus();
  }

  private _at(event: MouseEvent): IPoint {
    const box = this._element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** A double click edits what is under it; in a plan, it unfolds the step. */
  private readonly _doubled = (hit: Hit, at: IPoint): void => {
    const { model, actions } = this._options;
    if (model.readOnly) {
      if ('step' in hit && this.scene.states.has(hit.step)) {
        actions?.unfold(hit.step, at);
      }
      return;
    }
    this._editing.edit(hit, at);
  };

  private readonly _pressed = (hit: Hit, at: IPoint): void => {
    const { actions } = this._options;
    if (hit.kind === 'trouble') {
      actions?.openFailure(hit.step);
    } else if (hit.kind === 'progress' || hit.kind === 'levels') {
      actions?.unfold(hit.step, at);
    }
  };

  private readonly _about: IAbout;
  private readonly _editing: Editing;
  private readonly _element: HTMLCanvasElement;
  private readonly _painter: Painter;
  private readonly _engine: Engine;
  private readonly _gestures: Gestures;
  private readonly _viewChanged = new Signal<this, IView>(this);
  private readonly _sizes = new ResizeObserver(() => {
    this._resize();
  });
  private _tokens: ICanvasTokens;
  private _frame = 0;
  private _clock = 0;
  private _isPlaced = false;
}

/** With the chips at the left edge of what is there. */
function withChips(all: IBox): IBox {
  return { ...all, x: all.x - 120, width: all.width + 120 };
}

/** `value`, or the nearest to it; where nothing lies between, the first end. */
function between(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, Math.min(least, most)), most);
}

function isDrag(event: Event): event is Drag.Event {
  return event.type.startsWith('lm-');
}

const EVENTS = [
  'lm-dragenter',
  'lm-dragover',
  'lm-drop',
  'pointerdown',
  'keydown',
  'keyup'
] as const;
