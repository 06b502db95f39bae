/** Fields and choices that open over the canvas, where the thing stands that they change. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { explained } from '../explain/explanation';
import { check, fromText, toText } from '../params/text';
import { declared, trackedParams } from '../pipeline/catalogue';
import type { IBox, IPoint } from '../pipeline/document';
import { clear, putComment, putFrame } from '../pipeline/drawing';
import { setBinding, setParam, setTitle } from '../pipeline/edits';
import { GAP, NODE, snapped } from '../pipeline/geometry';
import type { IPort } from '../pipeline/links';
import { valueParam } from '../step/value_param';
import type { IApi, IPipelineModel } from '../tokens';
import { openEditor } from './editor';
import type { Engine } from './engine';
import type { Hit } from './hits';
import { methodChoices, portChoices, revealing, runChoices } from './offers';
import { openPicker } from './picker';
import type { Scene } from './scene';
import { CHIPS } from './viewport';

interface IEditingOptions {
  readonly host: HTMLElement;
  readonly engine: Engine;
  readonly scene: Scene;
  readonly model: IPipelineModel;
  readonly api: IApi;
  readonly trans: TranslationBundle;
  /** Choose one of all runs as an input. */
  readonly chooseRun: ((step: string, input: string) => void) | undefined;
  /** Choose a file as an input. */
  readonly chooseFile: ((step: string, input: string) => void) | undefined;
  /** Edit the values that are tried in branches of a step. */
  readonly editBranches: ((step: string) => void) | undefined;
}

export class Editing {
  constructor(private readonly _options: IEditingOptions) {}

  /** Open the search for methods at a point of the canvas; the step comes there, or to `place`. */
  quickAdd(at: IPoint, place: IPoint = this.placeAt(at)): void {
    const { host, model, trans } = this._options;
    if (model.readOnly) {
      return;
    }
    openPicker({
      host,
      ...at,
      label: trans.__('Add a step'),
      placeholder: trans.__('Search methods'),
      nothing: trans.__('No method is called so.'),
      choices: methodChoices(model, place, trans).map(each => revealing(model, each))
    });
  }

  /** A free place in the drawing for a step whose middle was wanted at a point of the canvas. */
  placeAt(at: IPoint): IPoint {
    const { engine } = this._options;
    const { x, y } = engine.toDrawing(at);
    // Near the edge it comes where its ports and the chips beside them are seen.
    const { visible } = engine;
    const first = visible.x + CHIPS;
    const last = visible.x + visible.width - NODE.width - GAP.row / 2;
    const left = Math.max(first, Math.min(x - NODE.width / 2, last));
    const wanted = {
      x: snapped(first <= last ? left : x - NODE.width / 2),
      y: snapped(y - NODE.header)
    };
    return clear(this._boxes(), wanted);
  }

  private _boxes(): IBox[] {
    const { scene } = this._options;
    return [...scene.nodes.keys()].flatMap(name => scene.boxOf(name) ?? []);
  }

  /** Offer what can be joined to a port. */
  offer(port: IPort, at: IPoint): void {
    const { model, api, trans } = this._options;
    if (model.readOnly) {
      return;
    }
    const name = `${port.step}.${port.name}`;
    openPicker({
      host: this._options.host,
      ...at,
      label: port.side === 'in' ? trans.__('Data for %1', name) : trans.__('Where %1 goes', name),
      placeholder: trans.__('Search'),
      nothing: trans.__('Nothing here fits.'),
      // A step that is added at the edge of what is seen comes into view.
      choices: portChoices(model, port, this._placeBeside(port, at), trans, {
        file: this._options.chooseFile,
        value: (step, input) => {
          this._value(step, input, at);
        }
      }).map(each => revealing(model, each)),
      later: runChoices(api, model, port, trans, this._options.chooseRun),
      failed: error => trans.__('Earlier runs could not be read: %1', explained(error, trans).title)
    });
  }

  private _placeBeside(port: IPort, at: IPoint): IPoint {
    const box = this._options.scene.boxOf(port.step);
    const { x, y } = this._options.engine.toDrawing(at);
    if (box === null || x < box.x - NODE.width || x > box.x + box.width + 40) {
      return this.placeAt(at);
    }
    const left = port.side === 'out' ? box.x + box.width + 80 : box.x - NODE.width - 80;
    return clear(this._boxes(), { x: snapped(left), y: snapped(Math.min(y, box.y)) });
  }

  /** Type the value of an input at a point of the canvas. */
  private _value(step: string, name: string, at: IPoint): void {
    const { host, model, trans } = this._options;
    const { inputs } = declared(model.document.steps.get(step), model.catalogue);
    const input = inputs.find(each => each.name === name);
    if (input === undefined) {
      return;
    }
    const { accepts } = valueParam(input);
    openEditor({
      host,
      ...at,
      width: NODE.width,
      height: 28,
      label: trans.__('Value for %1', name),
      text: '',
      placeholder: input.type === 'list' ? '[1, 2]' : (input.value_type ?? ''),
      check: typed => (typed.trim() === '' ? null : check(accepts, typed, trans)),
      commit: typed => {
        if (typed.trim() !== '') {
          model.commit(trans.__('data for %1', name), document =>
            setBinding(document, step, name, { kind: 'value', text: toText(accepts, typed) })
          );
        }
      }
    });
  }

  /** Edit what was double-clicked; on an empty place, add a step. */
  edit(hit: Hit, at: IPoint): void {
    switch (hit.kind) {
      case 'param':
        this.param(hit.step, hit.param);
        break;
      case 'title':
        this.title(hit.step);
        break;
      case 'note':
        this.note(hit.id);
        break;
      case 'canvas':
        this.quickAdd(at);
        break;
      default:
        break;
    }
  }

  /** Edit a parameter where its value stands. */
  param(step: string, param: string): void {
    const { model, trans } = this._options;
    const node = this._options.scene.nodes.get(step);
    const row = node?.form.params.findIndex(each => each.param === param) ?? -1;
    const shown = node?.form.params[row];
    if (node === undefined || shown === undefined) {
      return;
    }
    if (shown.tried.length > 0) {
      // Each branch has its own value: one that is set for all of them would not be seen.
      if (!model.readOnly) {
        this._options.editBranches?.(step);
      }
      return;
    }
    const accepts = trackedParams(node.version).get(param)?.accepts;
    const set = node.step.params.get(param);
    const at = this._options.engine.toPage({
      x: node.left + NODE.width * 0.4,
      y: node.top + node.form.paramsTop + row * NODE.param
    });
    const { scale } = this._options.engine.view;
    openEditor({
      host: this._options.host,
      x: at.x,
      y: at.y,
      width: Math.max(120, (NODE.width * 0.6 - 4) * scale),
      height: Math.max(22, NODE.param * scale),
      label: trans.__('%1 of step %2', param, step),
      text: set === undefined ? '' : accepts === undefined ? set : fromText(accepts, set),
      placeholder: shown.text ?? '',
      check: typed => (accepts === undefined ? null : check(accepts, typed, trans)),
      commit: typed => {
        const isEmpty = typed.trim() === '';
        const text = isEmpty ? null : accepts === undefined ? typed.trim() : toText(accepts, typed);
        const short = param.slice(param.lastIndexOf('.') + 1);
        const name = isEmpty ? trans.__('reset %1', short) : trans.__('set %1', short);
        model.commit(name, each => setParam(each, step, param, text));
      },
      next: backwards => {
        const params = this._options.scene.nodes.get(step)?.form.params ?? [];
        const now = params.findIndex(each => each.param === param);
        const others = backwards ? params.slice(0, now).reverse() : params.slice(now + 1);
        const next = others.find(each => each.tried.length === 0);
        if (next !== undefined) {
          this.param(step, next.param);
        } else {
          this._options.host.focus();
        }
      }
    });
  }

  /** Edit the title of a step where it stands. */
  title(step: string): void {
    const { model, trans } = this._options;
    const box = this._options.scene.boxOf(step);
    const present = model.document.steps.get(step);
    if (box === null || present === undefined || model.readOnly) {
      return;
    }
    const at = this._options.engine.toPage(box);
    openEditor({
      host: this._options.host,
      x: at.x,
      y: at.y,
      width: Math.max(160, box.width * this._options.engine.view.scale),
      height: Math.max(26, NODE.header * this._options.engine.view.scale),
      label: trans.__('Title of step %1', step),
      text: present.title ?? '',
      placeholder: step,
      commit: text => {
        model.commit(trans.__('title %1', step), each => setTitle(each, step, text.trim() || null));
      }
    });
  }

  /** Edit the text of a comment or the title of a frame; null is none of them. */
  note(id: string | null): void {
    const { model, trans } = this._options;
    if (id === null) {
      return;
    }
    const frame = this._options.scene.frame(id);
    const comment = this._options.scene.comment(id);
    const box = frame ?? comment;
    if (box === undefined) {
      return;
    }
    const at = this._options.engine.toPage(box);
    const { scale } = this._options.engine.view;
    openEditor({
      host: this._options.host,
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
}
