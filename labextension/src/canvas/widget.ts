/** The canvas of a pipeline. Heavy: loaded when the first one is opened. */

import type { IThemeManager } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Drag } from '@lumino/dragdrop';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import type { IMark } from '../api/marks';
import type { IPoint } from '../pipeline/document';
import type { IApi, IPipelineModel } from '../tokens';
import type { ICanvasActions } from './actions';
import { Deeds } from './deeds';
import { dragOver, dropped, isDrag } from './dropping';
import { Editing } from './editing';
import type { IView } from './engine';
import { Engine } from './engine';
import { Gestures } from './gestures';
import type { Hit } from './hits';
import { hitAt } from './hits';
import type { Holding } from './lowering';
import { Lowering } from './lowering';
import { Mirror } from './mirror';
import { addAt } from './offers';
import type { IPulledLink } from './overlay';
import { drawMinimap, drawPulledLink, drawRubberBand } from './overlay';
import { Painter } from './paint';
import type { INodePart } from './scene';
import { partOf, Scene } from './scene';
import type { IAbout } from './selection';
import type { ICanvasTokens } from './tokens';
import { readTokens } from './tokens';
import { Viewport } from './viewport';
import { Words } from './words';

interface ICanvasOptions {
  model: IPipelineModel;
  api: IApi;
  trans: TranslationBundle;
  themes: IThemeManager | null;
  actions?: ICanvasActions;
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
    this.deeds = new Deeds({
      ...this._about,
      engine: this._engine,
      viewport: this.viewport,
      editing: this._editing,
      gestures: this._gestures,
      unfold: _options.actions?.unfold,
      redraw: this.redraw
    });
    themes?.themeChanged.connect(this._retheme);
  }

  readonly scene: Scene;

  /** What commands do. */
  readonly deeds: Deeds;

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
      window.clearTimeout(this._settling);
      this._sizes.disconnect();
      this._gestures.dispose();
      this._options.themes?.themeChanged.disconnect(this._retheme);
      this._mirror.dispose();
      this.viewport.dispose();
      this._engine.dispose();
      super.dispose();
    }
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
    const { clientWidth: width, clientHeight: height } = this.node;
    // Behind another tab it lies nowhere.
    const up = width > 0 && height > 0 ? this._lowering.moved(this._top, this._holding) : 0;
    if (up !== 0) {
      this._gestures.moved(up);
    }
    this.viewport.resize(width, height, up);
    this._settle();
  }

  /** Where its upper edge is on the page. */
  private get _top(): number {
    return this.node.getBoundingClientRect().top;
  }

  private get _holding(): Holding {
    const isOpen = this.node.querySelector(OPEN) !== null;
    return isOpen ? 'field' : this._isPressed ? 'hand' : 'nothing';
  }

  /** Whether something is held, or was pressed so lately that it may be pressed again. */
  private get _isPressed(): boolean {
    return !this._gestures.isIdle || performance.now() - this._pressedAt < TWICE_MS;
  }

  /**
   * Show what another size has hidden, once no hand is at the drawing: what is pressed would be moved with
   * it, a second click would meet something else, and a field would stand where nothing is that it is about.
   */
  private readonly _settle = (): void => {
    window.clearTimeout(this._settling);
    if (this._holding !== 'nothing') {
      this._settling = window.setTimeout(this._settle, TWICE_MS);
    } else {
      this.viewport.settle();
    }
  };

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
    this._pressedAt = performance.now();
    this._lowering.pressed(this._top);
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
  private _settling = 0;
  private _pressedAt = -Infinity;
  private readonly _lowering = new Lowering();
}

/** What is open over the drawing, where the thing stands that it is about. */
const OPEN = '.pm-CanvasEditor, .pm-Picker, .pm-Unfolded';

/** So long after a press another one may follow that makes it a double click. */
const TWICE_MS = 500;

const EVENTS = [
  'lm-dragenter',
  'lm-dragover',
  'lm-drop',
  'pointerdown',
  'keydown',
  'keyup'
] as const;
