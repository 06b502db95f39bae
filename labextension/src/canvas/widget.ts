/** The canvas of a pipeline. Heavy: loaded when the first one is opened. */

import type { IThemeManager } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Drag } from '@lumino/dragdrop';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import type { IMark } from '../api/marks';
import { check, fromText, toText } from '../params/text';
import { trackedParams } from '../pipeline/catalogue';
import type { IBox, IPoint } from '../pipeline/document';
import { around, clear, placeSteps, putComment, putFrame, removeNotes } from '../pipeline/drawing';
import { disconnect, removeSteps, setParam, setTitle } from '../pipeline/edits';
import { GRID, NODE, snapped } from '../pipeline/geometry';
import type { IPort } from '../pipeline/links';
import type { IApi, IPipelineModel } from '../tokens';
import { openEditor } from './editor';
import type { IView } from './engine';
import { Engine } from './engine';
import { Gestures } from './gestures';
import type { Hit } from './hits';
import { hitAt } from './hits';
import { addAt, methodChoices, portChoices, runChoices } from './offers';
import type { IPulledLink } from './overlay';
import { drawMinimap, drawPulledLink, drawRubberBand } from './overlay';
import { Painter } from './paint';
import { openPicker } from './picker';
import { portOf, Scene } from './scene';
import type { ICanvasTokens } from './tokens';
import { readTokens } from './tokens';

/** What a method that is dragged out of the list is called; its data is `{method, version?}`. */
export const METHOD_MIME = 'application/vnd.pm-method';

const ZOOM_STEP = 1.25;

interface ICanvasOptions {
  model: IPipelineModel;
  api: IApi;
  trans: TranslationBundle;
  themes: IThemeManager | null;
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
    this._painter = new Painter(
      context => {
        this._drawOverlay(context);
      },
      count => trans.__('×%1', count)
    );
    this._engine = new Engine(this._element, this._painter);
    this.scene = new Scene(this._engine);
    this._tokens = readTokens(this.node, true);
    this._painter.attach(this._engine, this.scene, this._tokens);
    this._gestures = new Gestures({
      element: this._element,
      engine: this._engine,
      scene: this.scene,
      model,
      trans,
      redraw: this.redraw,
      offer: this._offer,
      edit: this._edit,
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

  /** Bring a step into view, without zooming where it can be read already. */
  reveal(step: string): void {
    const box = this.scene.boxOf(step);
    if (box === null) {
      return;
    }
    const { scale } = this.view;
    const readable = Math.max(scale, 0.6);
    this.view = {
      x: this._engine.width / readable / 2 - box.x - box.width / 2,
      y: this._engine.height / readable / 2 - box.y - box.height / 2,
      scale: readable
    };
  }

  /** Open the search for methods, in the middle or at a point of the canvas. */
  quickAdd(at: IPoint = this._middle()): void {
    const { model, trans } = this._options;
    if (model.readOnly) {
      return;
    }
    const place = this._placeAt(at);
    openPicker({
      host: this.node,
      ...at,
      label: trans.__('Add a step'),
      placeholder: trans.__('Search methods'),
      nothing: trans.__('No method is called so.'),
      choices: methodChoices(model, place, trans)
    });
  }

  /**
   * Where on the page a step, one of its ports or its parameters is; null, it is not drawn.
   *
   * For what must point at it: tours, and tests that use the mouse.
   */
  pointOf(
    step: string,
    part: { port?: string; side?: 'in' | 'out'; param?: string } = {}
  ): IPoint | null {
    const node = this.scene.nodes.get(step);
    if (node === undefined) {
      return null;
    }
    const row = node.form.params.findIndex(each => each.param === part.param);
    const at =
      part.port !== undefined
        ? portOf(node, part.side ?? 'in', part.port)
        : {
            x: node.left + node.wide / 2,
            y:
              node.top +
              (row < 0 ? NODE.header / 2 : node.form.paramsTop + (row + 0.5) * NODE.param)
          };
    const box = this._element.getBoundingClientRect();
    const { x, y } = this._engine.toPage(at);
    return { x: x + box.left, y: y + box.top };
  }

  /** A free place in the middle of what is seen. */
  freePlace(): IPoint {
    return this._placeAt(this._middle());
  }

  addComment(): void {
    const { model, trans } = this._options;
    const { x, y } = this.freePlace();
    const id = crypto.randomUUID();
    const comment = { id, x, y, width: 220, height: 80, text: '' };
    if (model.commit(trans.__('add comment'), each => putComment(each, comment))) {
      this.scene.notes = new Set([id]);
      this._editNote(id);
    }
  }

  /** A frame around the selected steps, else an empty one. */
  addFrame(): void {
    const { model, trans } = this._options;
    const boxes = [...model.selection].flatMap(name => this.scene.boxOf(name) ?? []);
    const box = around(boxes) ?? { ...this.freePlace(), width: 300, height: 180 };
    const room = boxes.length > 0 ? GRID : 0;
    const id = crypto.randomUUID();
    const frame = {
      id,
      x: box.x - room,
      y: box.y - 2 * room,
      width: box.width + 2 * room,
      height: box.height + 3 * room,
      title: trans.__('Frame')
    };
    if (model.commit(trans.__('add frame'), each => putFrame(each, frame))) {
      this.scene.notes = new Set([id]);
      this._editNote(id);
    }
  }

  /** Whether anything could be deleted. */
  get hasSelection(): boolean {
    return (
      this._options.model.selection.size > 0 ||
      this.scene.notes.size > 0 ||
      this.scene.edge !== null
    );
  }

  /** Delete what is selected: steps, a link, frames, comments. */
  deleteSelection(): void {
    const { model, trans } = this._options;
    const { edge, notes } = this.scene;
    const names = new Set(model.selection);
    if (edge !== null && names.size === 0) {
      model.commit(trans.__('disconnect %1', `${edge.target}.${edge.input}`), each =>
        disconnect(each, edge)
      );
      return;
    }
    const [only] = names;
    const count = names.size + notes.size;
    const name =
      count === 1 && only !== undefined
        ? trans.__('delete %1', only)
        : trans.__('delete %1 things', count);
    model.commit(name, each => removeNotes(removeSteps(each, names), notes));
  }

  /** Move what is selected by steps of the grid. */
  nudge(dx: number, dy: number): void {
    const { model, trans } = this._options;
    const places = new Map<string, IPoint>();
    for (const name of model.selection) {
      const box = this.scene.boxOf(name);
      if (box !== null) {
        places.set(name, { x: box.x + dx * GRID, y: box.y + dy * GRID });
      }
    }
    model.commit(
      trans.__('move %1 things', places.size),
      each => placeSteps(each, places),
      'nudge'
    );
  }

  /** Edit the title of the selected step where it stands. */
  editTitle(): void {
    const [step] = this._options.model.selection;
    if (step !== undefined) {
      this._editTitle(step);
    }
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
  };

  private readonly _check = (): void => {
    const problems = new Map<string, 'error' | 'notice'>();
    const links = new Set<string>();
    for (const { step, edge, severity, code } of this._options.model.problems) {
      if (step !== null && problems.get(step) !== 'error') {
        // What is not connected yet is unfinished, not wrong: the empty port says it.
        problems.set(step, code === 'missing_input' ? 'notice' : severity);
      }
      if (edge !== null && severity === 'error') {
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
      this._engine.resize(clientWidth, clientHeight);
      this._place();
    }
  }

  /** The first view, once there is a size. */
  private _place(): void {
    if (!this._isPlaced && this._engine.width > 0) {
      const all = this.scene.bounds();
      // What is drawn into an empty one stays where it was put.
      if (all !== null) {
        this._engine.fit({ ...all, x: all.x - 120, width: all.width + 120 });
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

  /** A free place in the drawing for a step whose middle was wanted at a point of the page. */
  private _placeAt(at: IPoint): IPoint {
    const { x, y } = this._engine.toDrawing(at);
    const wanted = { x: snapped(x - NODE.width / 2), y: snapped(y - NODE.header) };
    const boxes = [...this.scene.nodes.keys()].flatMap(name => this.scene.boxOf(name) ?? []);
    return clear(boxes, wanted);
  }

  // --- events ----------------------------------------------------------------------------------

  /** For the Lab's context menu, which asks the page what was hit. */
  private _noteHit(event: PointerEvent): void {
    const hit = this._hit(event);
    this.node.dataset['pmHit'] = hit.kind === 'port' || 'step' in hit ? 'step' : hit.kind;
    if (!(
      event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement
    )) {
      this.node.focus({ preventScroll: true });
    }
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
    addAt(model, data.method, this._placeAt(this._at(event)), trans, data.version ?? 'latest');
    this.node.focus();
  }

  private _at(event: MouseEvent): IPoint {
    const box = this._element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  // --- editing in place ------------------------------------------------------------------------

  private readonly _offer = (port: IPort, at: IPoint): void => {
    const { model, api, trans } = this._options;
    if (model.readOnly) {
      return;
    }
    const name = `${port.step}.${port.name}`;
    openPicker({
      host: this.node,
      ...at,
      label: port.side === 'in' ? trans.__('Data for %1', name) : trans.__('Where %1 goes', name),
      placeholder: trans.__('Search'),
      nothing: trans.__('Nothing here fits.'),
      choices: portChoices(model, port, this._placeBeside(port, at), trans),
      later: runChoices(api, model, port, trans)
    });
  };

  private _placeBeside(port: IPort, at: IPoint): IPoint {
    const box = this.scene.boxOf(port.step);
    const { x, y } = this._engine.toDrawing(at);
    if (box === null || x < box.x - NODE.width || x > box.x + box.width + 40) {
      return this._placeAt(at);
    }
    const boxes = [...this.scene.nodes.keys()].flatMap(name => this.scene.boxOf(name) ?? []);
    const left = port.side === 'out' ? box.x + box.width + 80 : box.x - NODE.width - 80;
    return clear(boxes, { x: snapped(left), y: snapped(Math.min(y, box.y)) });
  }

  private readonly _edit = (hit: Hit, at: IPoint): void => {
    if (this._options.model.readOnly) {
      return;
    }
    switch (hit.kind) {
      case 'param':
        this.editParam(hit.step, hit.param);
        break;
      case 'title':
        this._editTitle(hit.step);
        break;
      case 'note':
        this._editNote(hit.id);
        break;
      case 'canvas':
        this.quickAdd(at);
        break;
      default:
        break;
    }
  };

  /** Edit a parameter where its value stands. */
  editParam(step: string, param: string): void {
    const { model, trans } = this._options;
    const node = this.scene.nodes.get(step);
    const row = node?.form.params.findIndex(each => each.param === param) ?? -1;
    if (node === undefined || row < 0) {
      return;
    }
    const accepts = trackedParams(node.version).get(param)?.accepts;
    const set = node.step.params.get(param);
    const at = this._engine.toPage({
      x: node.left + NODE.width * 0.4,
      y: node.top + node.form.paramsTop + row * NODE.param
    });
    const { scale } = this.view;
    openEditor({
      host: this.node,
      x: at.x,
      y: at.y,
      width: Math.max(120, (NODE.width * 0.6 - 4) * scale),
      height: Math.max(22, NODE.param * scale),
      label: trans.__('%1 of step %2', param, step),
      text: set === undefined ? '' : accepts === undefined ? set : fromText(accepts, set),
      placeholder: node.form.params[row]?.text ?? '',
      check: typed => (accepts === undefined ? null : check(accepts, typed, trans)),
      commit: typed => {
        const isEmpty = typed.trim() === '';
        const text = isEmpty ? null : accepts === undefined ? typed.trim() : toText(accepts, typed);
        const short = param.slice(param.lastIndexOf('.') + 1);
        const name = isEmpty ? trans.__('reset %1', short) : trans.__('set %1', short);
        model.commit(name, each => setParam(each, step, param, text));
      },
      next: backwards => {
        const params = this.scene.nodes.get(step)?.form.params ?? [];
        const now = params.findIndex(each => each.param === param);
        const next = params[now + (backwards ? -1 : 1)];
        if (next !== undefined) {
          this.editParam(step, next.param);
        } else {
          this.node.focus();
        }
      }
    });
  }

  private _editTitle(step: string): void {
    const { model, trans } = this._options;
    const box = this.scene.boxOf(step);
    const present = model.document.steps.get(step);
    if (box === null || present === undefined || model.readOnly) {
      return;
    }
    const at = this._engine.toPage(box);
    openEditor({
      host: this.node,
      x: at.x,
      y: at.y,
      width: Math.max(160, box.width * this.view.scale),
      height: Math.max(26, NODE.header * this.view.scale),
      label: trans.__('Title of step %1', step),
      text: present.title ?? '',
      placeholder: step,
      commit: text => {
        model.commit(trans.__('title %1', step), each => setTitle(each, step, text.trim() || null));
      }
    });
  }

  private _editNote(id: string): void {
    const { model, trans } = this._options;
    const frame = this.scene.frame(id);
    const comment = this.scene.comment(id);
    const box = frame ?? comment;
    if (box === undefined) {
      return;
    }
    const at = this._engine.toPage(box);
    const { scale } = this.view;
    openEditor({
      host: this.node,
      ...at,
      width: Math.max(140, box.width * scale),
      height: Math.max(24, (frame === undefined ? box.height : 24) * scale),
      label: frame === undefined ? trans.__('Comment') : trans.__('Title of the frame'),
      lines: frame === undefined,
      text: frame?.title ?? comment?.text ?? '',
      commit: text => {
        model.commit(
          frame === undefined ? trans.__('edit comment') : trans.__('title frame'),
          each =>
            frame !== undefined
              ? putFrame(each, { ...frame, title: text })
              : comment !== undefined
                ? putComment(each, { ...comment, text })
                : each
        );
      }
    });
  }

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
  private _isPlaced = false;
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
