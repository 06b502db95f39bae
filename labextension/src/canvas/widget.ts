/** The canvas of a pipeline. Heavy: loaded when the first one is opened. */

import type { IThemeManager } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Drag } from '@lumino/dragdrop';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import type { IMark } from '../api/marks';
import type { IPoint } from '../pipeline/document';
import { freePlace } from '../pipeline/drawing';
import type { IApi, IPipelineModel } from '../tokens';
import { dragOver, dropped, isDrag } from './dropping';
import { Editing } from './editing';
import type { IView } from './engine';
import { Engine } from './engine';
import { Gestures } from './gestures';
import type { Hit } from './hits';
import { hitAt } from './hits';
import { Mirror } from './mirror';
import { addAt } from './offers';
import type { IPulledLink } from './overlay';
import { drawMinimap, drawPulledLink, drawRubberBand } from './overlay';
import { Painter } from './paint';
import type { INodePart } from './scene';
import { partOf, Scene } from './scene';
import type { IAbout } from './selection';
import { addComment, addFrame, deleteSelection, nextNote, nudge } from './selection';
import type { ICanvasTokens } from './tokens';
import { readTokens } from './tokens';
import { Viewport } from './viewport';
import type { Direction } from './walking';
import { neighbour } from './walking';
import { Words } from './words';

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
  /** Show what was logged as a warning or an error by the runs of a step. */
  readonly openWarnings: (step: string) => void;
  /** Choose one of all runs as an input. */
  readonly chooseRun: (step: string, input: string) => void;
  /** Choose a file as an input; absent where there is nothing to choose it in. */
  readonly chooseFile?: (step: string, input: string) => void;
  /** Edit the values that are tried in branches of a step. */
  readonly editBranches: (step: string) => void;
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
    this.viewport = new Viewport({
      model,
      engine: this._engine,
      scene: this.scene,
      redraw: this.redraw
    });
    this._mirror = new Mirror({
      model,
      scene: this.scene,
      redraw: this.redraw,
      isSeen: () => this.isVisible,
      patched: () => {
        this.viewport.place();
      }
    });
    this._editing = new Editing({
      ...this._about,
      host: this.node,
      engine: this._engine,
      api: _options.api,
      chooseRun: _options.actions?.chooseRun,
      chooseFile: _options.actions?.chooseFile,
      editBranches: _options.actions?.editBranches
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
        this.viewport.noteChange();
      }
    });
    themes?.themeChanged.connect(this._retheme);
  }

  readonly scene: Scene;

  /** Which part of the drawing is on screen. */
  readonly viewport: Viewport;

  get view(): IView {
    return this.viewport.view;
  }

  /** Show this part of the drawing. Set before it is on screen, it is shown then. */
  set view(view: IView) {
    this.viewport.view = view;
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
      this._sizes.disconnect();
      this._gestures.dispose();
      this._options.themes?.themeChanged.disconnect(this._retheme);
      this._mirror.dispose();
      this.viewport.dispose();
      this._engine.dispose();
      super.dispose();
    }
  }

  // --- what commands do ------------------------------------------------------------------------

  /** Select the next step in a direction, and bring it into view. */
  walk(to: Direction): void {
    const { model } = this._options;
    const next = neighbour(this.scene, [...model.selection].at(-1) ?? null, to);
    if (next !== null) {
      this.scene.notes = new Set();
      model.reveal(next);
      this.redraw();
    }
  }

  /** Select the next comment or frame, and bring it into view. */
  walkNotes(backwards: boolean): void {
    const id = nextNote(this._about, backwards);
    if (id !== null) {
      this.viewport.show(this.scene.frame(id) ?? this.scene.comment(id) ?? null);
      this.redraw();
    }
  }

  /** Show the runs of a step of the viewed plan, below its node. */
  unfold(step: string): void {
    const node = this.scene.nodes.get(step);
    if (node !== undefined) {
      this._options.actions?.unfold(step, this._engine.toPage(partOf(node, { part: 'foot' })));
    }
  }

  /** Open the search for methods; what is chosen comes beside what is selected, else to the middle. */
  quickAdd(): void {
    const { selection, document, catalogue } = this._options.model;
    const beside = selection.size > 0 ? freePlace(document, catalogue, selection) : undefined;
    this._editing.quickAdd(this.viewport.middle, beside);
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
    return this._editing.placeAt(this.viewport.middle);
  }

  addComment(): void {
    this._editing.note(addComment(this._about, this.freePlace()));
  }

  /** A frame around the selected steps, else an empty one. */
  addFrame(): void {
    this._editing.note(addFrame(this._about, this.freePlace()));
  }

  /** Select steps, comments and frames, and nothing else. */
  choose(steps: Iterable<string>, notes: Iterable<string>): void {
    this.scene.edge = null;
    this.scene.notes = new Set(notes);
    this._options.model.select(steps);
    this.redraw();
  }

  /** Delete what is selected: steps, a link, frames, comments. */
  deleteSelection(): void {
    deleteSelection(this._about);
  }

  /** Move what is selected by steps of the grid; where nothing can be moved, select another step. */
  nudge(dx: number, dy: number): void {
    const { model } = this._options;
    if (model.readOnly || (model.selection.size === 0 && this.scene.notes.size === 0)) {
      this.walk(dx < 0 ? 'left' : dx > 0 ? 'right' : dy < 0 ? 'up' : 'down');
    } else {
      nudge(this._about, dx, dy);
    }
  }

  /** Edit the title of the selected step where it stands; without one, of a comment or a frame. */
  editTitle(): void {
    const [step] = this._options.model.selection;
    const [note] = this.scene.notes;
    if (step !== undefined) {
      this._editing.title(step);
    } else if (note !== undefined && !this._options.model.readOnly) {
      this._editing.note(note);
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
          dragOver(event, this._options.model.readOnly);
        }
        break;
      case 'lm-drop':
        if (isDrag(event)) {
          this._drop(event);
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
    this._mirror.patch();
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
    this._mirror.tick();
  }

  protected override onResize(msg: Widget.ResizeMessage): void {
    super.onResize(msg);
    this._resize();
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.focus({ preventScroll: true });
  }

  private readonly _retheme = (): void => {
    const { themes } = this._options;
    const theme = themes?.theme ?? null;
    const isLight = theme === null || (themes?.isLight(theme) ?? true);
    this._tokens = readTokens(this.node, isLight);
    this._painter.setTokens(this._tokens);
    this.redraw();
  };

  private _resize(): void {
    this.viewport.resize(this.node.clientWidth, this.node.clientHeight);
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
    const opensMenu = event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey);
    if (event.type === 'keydown' && opensMenu) {
      this.node.dataset['pmHit'] = this._options.model.selection.size > 0 ? 'step' : 'canvas';
    }
  }

  private _drop(event: Drag.Event): void {
    const found = dropped(event);
    if (found !== null) {
      const { model, trans } = this._options;
      const place = this._editing.placeAt(this._at(event));
      addAt(model, found.method, place, trans, found.version ?? 'latest');
      this.node.focus();
    }
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
    } else if (hit.kind === 'levels') {
      actions?.openWarnings(hit.step);
    } else if (hit.kind === 'progress') {
      actions?.unfold(hit.step, at);
    }
  };

  private readonly _about: IAbout;
  private readonly _editing: Editing;
  private readonly _element: HTMLCanvasElement;
  private readonly _painter: Painter;
  private readonly _engine: Engine;
  private readonly _gestures: Gestures;
  private readonly _mirror: Mirror;
  private readonly _sizes = new ResizeObserver(() => {
    this._resize();
  });
  private _tokens: ICanvasTokens;
  private _frame = 0;
}

const EVENTS = [
  'lm-dragenter',
  'lm-dragover',
  'lm-drop',
  'pointerdown',
  'keydown',
  'keyup'
] as const;
