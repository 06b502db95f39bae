/** What commands do with what is selected, and the frames and comments around it. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPoint } from '../pipeline/document';
import { placeSteps, putComment, putFrame, removeNotes, shiftNotes } from '../pipeline/drawing';
import { disconnect, removeSteps } from '../pipeline/edits';
import { GRID } from '../pipeline/geometry';
import { newComment, newFrame } from '../pipeline/notes';
import type { IPipelineModel } from '../tokens';
import type { Scene } from './scene';

export interface IAbout {
  readonly model: IPipelineModel;
  readonly scene: Scene;
  readonly trans: TranslationBundle;
}

/** Add an empty comment and select it; returns its id, null where nothing can be changed. */
export function addComment({ model, scene, trans }: IAbout, place: IPoint): string | null {
  const comment = newComment(place);
  if (!model.commit(trans.__('add comment'), each => putComment(each, comment))) {
    return null;
  }
  scene.notes = new Set([comment.id]);
  return comment.id;
}

/** Add a frame around the selected steps, else an empty one at a place; as `addComment`. */
export function addFrame({ model, scene, trans }: IAbout, place: IPoint): string | null {
  const boxes = [...model.selection].flatMap(name => scene.boxOf(name) ?? []);
  const frame = newFrame(boxes, place, trans);
  if (!model.commit(trans.__('add frame'), each => putFrame(each, frame))) {
    return null;
  }
  scene.notes = new Set([frame.id]);
  return frame.id;
}

/** Delete what is selected: steps, a link, frames, comments. */
export function deleteSelection({ model, scene, trans }: IAbout): void {
  const { edge, notes } = scene;
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
export function nudge({ model, scene, trans }: IAbout, dx: number, dy: number): void {
  const places = new Map<string, IPoint>();
  for (const name of model.selection) {
    const box = scene.boxOf(name);
    if (box !== null) {
      places.set(name, { x: box.x + dx * GRID, y: box.y + dy * GRID });
    }
  }
  const notes = [...scene.notes];
  const shift = { x: dx * GRID, y: dy * GRID };
  model.commit(
    trans.__('move %1 things', places.size + notes.length),
    each => shiftNotes(placeSteps(each, places), notes, shift),
    // Only pushes of the same things are taken back in one.
    `nudge ${JSON.stringify([[...places.keys()], notes])}`
  );
}

/** Select the next of the comments and frames, in the order of reading; returns its id. */
export function nextNote({ model, scene }: IAbout, backwards: boolean): string | null {
  const { frames, comments } = scene.document.layout;
  const notes = [...frames, ...comments].sort((a, b) => a.y - b.y || a.x - b.x);
  const at = notes.findIndex(each => scene.notes.has(each.id));
  const to = at < 0 ? (backwards ? -1 : 0) : (at + (backwards ? -1 : 1)) % notes.length;
  const next = notes.at(to);
  if (next === undefined) {
    return null;
  }
  model.select([]);
  scene.edge = null;
  scene.notes = new Set([next.id]);
  return next.id;
}
