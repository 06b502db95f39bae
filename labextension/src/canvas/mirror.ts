/** Keeps the scene what the model says: document, selection, problems, states of a viewed plan. */

import { sheetOf } from '../samples/sheet';
import type { IPipelineModel } from '../tokens';
import type { Scene } from './scene';

const SECOND = 1000;

interface IOptions {
  readonly model: IPipelineModel;
  readonly scene: Scene;
  readonly redraw: () => void;
  /** Whether anybody sees the scene. */
  readonly isSeen: () => boolean;
  /** The document is another. */
  readonly patched: () => void;
}

export class Mirror {
  constructor(private readonly _options: IOptions) {
    const { model } = _options;
    model.changed.connect(this.patch);
    model.selectionChanged.connect(this._select);
    model.statesChanged.connect(this._showStates);
    model.checked.connect(this._check);
  }

  dispose(): void {
    window.clearTimeout(this._clock);
    this._isDisposed = true;
    const { model } = this._options;
    model.changed.disconnect(this.patch);
    model.selectionChanged.disconnect(this._select);
    model.statesChanged.disconnect(this._showStates);
    model.checked.disconnect(this._check);
  }

  /** Make the scene show the document as it is. */
  readonly patch = (): void => {
    const { model, scene, patched, redraw } = this._options;
    scene.columns = new Set(sheetOf(model.request.samples).columns);
    scene.isSnapshot = model.viewing !== null;
    scene.patch(model.document, model.catalogue);
    this._check();
    patched();
    redraw();
  };

  /** What is running shows for how long; nothing else moves by itself. */
  tick(): void {
    const { scene, redraw, isSeen } = this._options;
    window.clearTimeout(this._clock);
    const runs = [...scene.states.values()].some(({ counts }) => (counts['running'] ?? 0) > 0);
    if (runs && isSeen() && !this._isDisposed) {
      this._clock = window.setTimeout(() => {
        redraw();
        this.tick();
      }, SECOND);
    }
  }

  private readonly _select = (): void => {
    this._options.scene.selection = this._options.model.selection;
    this._options.redraw();
  };

  private readonly _showStates = (): void => {
    this._options.scene.states = this._options.model.states;
    this._options.redraw();
    this.tick();
  };

  private readonly _check = (): void => {
    const { model, scene, redraw } = this._options;
    const problems = new Map<string, 'error' | 'notice'>();
    const links = new Set<string>();
    for (const { step, edge, severity, code } of model.problems) {
      if (step !== null && problems.get(step) !== 'error') {
        // What is not connected yet is unfinished, not wrong: the empty port says it.
        problems.set(step, code === 'missing_input' ? 'notice' : severity);
      }
      // Said before the link was there, it is about its absence.
      if (edge !== null && severity === 'error' && code !== 'missing_input') {
        links.add(edge);
      }
    }
    scene.problems = problems;
    scene.brokenLinks = links;
    redraw();
  };

  private _clock = 0;
  private _isDisposed = false;
}
