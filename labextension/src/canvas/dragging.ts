/** Steps, frames and comments that are moved with the pointer, or made larger by their corner. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPoint } from '../pipeline/document';
import { placeSteps, putComment, putFrame, shiftNotes } from '../pipeline/drawing';
import type { IPipelineModel } from '../tokens';
import type { Drag, Sizing, State } from './gesture_state';
import { moved, sized } from './gesture_state';
import type { Scene } from './scene';

interface IAbout {
  readonly scene: Scene;
  readonly model: IPipelineModel;
  readonly trans: TranslationBundle;
}

/**
 * Begin to move what is selected.
 *
 * @param alone - what a press that does not become a drag selects alone
 */
export function lift({ model, scene }: IAbout, where: IPoint, alone: string | null): State {
  if (model.readOnly) {
    return { kind: 'idle' };
  }
  const places = new Map<string, IPoint>();
  for (const name of model.selection) {
    const box = scene.boxOf(name);
    if (box !== null) {
      places.set(name, { x: box.x, y: box.y });
    }
  }
  return {
    kind: 'drag',
    start: where,
    places,
    notes: [...scene.notes],
    moved: false,
    alone,
    shift: { x: 0, y: 0 }
  };
}

/** Show what is moved so far from where it was; the document stays as it is. */
export function carry({ scene }: IAbout, state: Drag, shift: IPoint): void {
  scene.shift(moved(state.places, shift));
  scene.sizing = { ids: state.notes, shift, size: false };
}

/** Let go: one edit, or where nothing was moved a selection. */
export function drop({ model, scene, trans }: IAbout, state: Drag): void {
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
  const changed = model.commit(name, document =>
    shiftNotes(placeSteps(document, moved(state.places, shift)), state.notes, shift)
  );
  if (!changed) {
    scene.shift(state.places);
  }
}

/** Let go of the corner of a frame or a comment. */
export function resize({ model, scene, trans }: IAbout, state: Sizing): void {
  const frame = scene.frame(state.id);
  const comment = scene.comment(state.id);
  if (frame !== undefined) {
    model.commit(trans.__('resize frame'), each => putFrame(each, sized(frame, state.shift)));
  }
  if (comment !== undefined) {
    model.commit(trans.__('resize comment'), each => putComment(each, sized(comment, state.shift)));
  }
}
