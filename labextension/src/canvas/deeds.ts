/** What is done with a drawing by commands and keys: walk, choose, add, move, delete, edit. */

import type { IPoint } from '../pipeline/document';
import { freePlace } from '../pipeline/drawing';
import type { ICanvasActions } from './actions';
import type { Editing } from './editing';
import type { Engine } from './engine';
import type { Gestures } from './gestures';
import { partOf } from './scene';
import type { IAbout } from './selection';
import { addComment, addFrame, deleteSelection, nextNote, nudge } from './selection';
import type { Viewport } from './viewport';
import type { Direction } from './walking';
import { neighbour } from './walking';

interface IDeedsOptions extends IAbout {
  readonly engine: Engine;
  readonly viewport: Viewport;
  readonly editing: Editing;
  readonly gestures: Gestures;
  readonly unfold: ICanvasActions['unfold'] | undefined;
  readonly redraw: () => void;
}

export class Deeds {
  constructor(private readonly _about: IDeedsOptions) {}

  /** Select the next step in a direction, and bring it into view. */
  walk(to: Direction): void {
    const { model } = this._about;
    const next = neighbour(this._about.scene, [...model.selection].at(-1) ?? null, to);
    if (next !== null) {
      this._about.scene.notes = new Set();
      model.reveal(next);
      this._about.redraw();
    }
  }

  /** Select the next comment or frame, and bring it into view. */
  walkNotes(backwards: boolean): void {
    const id = nextNote(this._about, backwards);
    if (id !== null) {
      this._about.viewport.show(
        this._about.scene.frame(id) ?? this._about.scene.comment(id) ?? null
      );
      this._about.redraw();
    }
  }

  /** Show the runs of a step of the viewed plan, below its node. */
  unfold(step: string): void {
    const node = this._about.scene.nodes.get(step);
    if (node !== undefined) {
      this._about.unfold?.(step, this._about.engine.toPage(partOf(node, { part: 'foot' })));
    }
  }

  /** Open the search for methods; what is chosen comes beside what is selected, else to the middle. */
  quickAdd(): void {
    const { selection, document, catalogue } = this._about.model;
    const beside = selection.size > 0 ? freePlace(document, catalogue, selection) : undefined;
    this._about.editing.quickAdd(this._about.viewport.middle, beside);
  }

  /** A free place in the middle of what is seen. */
  freePlace(): IPoint {
    return this._about.editing.placeAt(this._about.viewport.middle);
  }

  addComment(): void {
    this._about.editing.note(addComment(this._about, this.freePlace()));
  }

  /** A frame around the selected steps, else an empty one. */
  addFrame(): void {
    this._about.editing.note(addFrame(this._about, this.freePlace()));
  }

  /** Select steps, comments and frames, and nothing else. */
  choose(steps: Iterable<string>, notes: Iterable<string>): void {
    this._about.scene.edge = null;
    this._about.scene.notes = new Set(notes);
    this._about.model.select(steps);
    this._about.redraw();
  }

  /** Delete what is selected: steps, a link, frames, comments. */
  deleteSelection(): void {
    deleteSelection(this._about);
  }

  /** Move what is selected by steps of the grid; where nothing can be moved, select another step. */
  nudge(dx: number, dy: number): void {
    const { model } = this._about;
    if (model.readOnly || (model.selection.size === 0 && this._about.scene.notes.size === 0)) {
      this.walk(dx < 0 ? 'left' : dx > 0 ? 'right' : dy < 0 ? 'up' : 'down');
    } else {
      nudge(this._about, dx, dy);
    }
  }

  /** Edit the title of the selected step where it stands; without one, of a comment or a frame. */
  editTitle(): void {
    const [step] = this._about.model.selection;
    const [note] = this._about.scene.notes;
    if (step !== undefined) {
      this._about.editing.title(step);
    } else if (note !== undefined && !this._about.model.readOnly) {
      this._about.editing.note(note);
    }
  }

  /** Edit a parameter where its value stands. */
  editParam(step: string, param: string): void {
    this._about.editing.param(step, param);
  }

  cancel(): void {
    if (!this._about.gestures.isIdle) {
      this._about.gestures.cancel();
    } else {
      this._about.scene.edge = null;
      this._about.scene.notes = new Set();
      this._about.model.select([]);
      this._about.redraw();
    }
  }
}
