/** Edits of the drawing alone: places, frames, comments. They mean nothing to a plan. */

import type { ICatalogue } from './catalogue';
import { declared } from './catalogue';
import { arranged } from './arrange';
import type { IBox, IComment, IFrame, ILayout, IPipeline, IPoint } from './document';
import { FAR, GAP, NODE, reachable, shapeOf, snapped } from './geometry';

/** So much room a new step is given before it is known how large it is. */
const USUAL_HEIGHT = 200;

export const ALIGNMENTS = ['left', 'right', 'top', 'bottom', 'columns', 'rows'] as const;

export type Alignment = (typeof ALIGNMENTS)[number];

export function isAlignment(how: string): how is Alignment {
  return (ALIGNMENTS as readonly string[]).includes(how);
}

/** Where a thing of the canvas lies. */
export function boxOf(document: IPipeline, catalogue: ICatalogue, name: string): IBox | null {
  const step = document.steps.get(name);
  const at = document.layout.steps.get(name);
  if (step === undefined || at === undefined) {
    return null;
  }
  const { width, height } = shapeOf(step, declared(step, catalogue).version);
  return { ...at, width, height };
}

/** The box around boxes. */
export function around(boxes: readonly IBox[]): IBox | null {
  if (boxes.length === 0) {
    return null;
  }
  const x = Math.min(...boxes.map(each => each.x));
  const y = Math.min(...boxes.map(each => each.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map(each => each.x + each.width)) - x,
    height: Math.max(...boxes.map(each => each.y + each.height)) - y
  };
}

export function placeSteps(document: IPipeline, places: ReadonlyMap<string, IPoint>): IPipeline {
  const steps = new Map(document.layout.steps);
  let changed = false;
  for (const [name, wanted] of places) {
    const at = reachable(wanted);
    const before = steps.get(name);
    if (document.steps.has(name) && (before?.x !== at.x || before.y !== at.y)) {
      steps.set(name, at);
      changed = true;
    }
  }
  return changed ? withLayout(document, { steps }) : document;
}

/** Give every step a place that has none: what a document made in a terminal lacks. */
export function placeMissing(document: IPipeline, catalogue: ICatalogue): IPipeline {
  const missing = [...document.steps.keys()].filter(name => !document.layout.steps.has(name));
  if (missing.length === 0) {
    return document;
  }
  if (missing.length === document.steps.size) {
    return placeSteps(document, arranged(document, catalogue));
  }
  const boxes = [...document.layout.steps.keys()].flatMap(
    name => boxOf(document, catalogue, name) ?? []
  );
  const there = around(boxes);
  const offset = there === null ? 0 : snapped(there.y + there.height + GAP.row);
  const places = [...arranged(document, catalogue, new Set(missing))].map(
    ([name, { x, y }]) => [name, { x: x + (there?.x ?? 0), y: y + offset }] as const
  );
  return placeSteps(document, new Map(places));
}

/** Arrange the named steps anew around the corner where they are now; all, where none is named. */
export function arrange(
  document: IPipeline,
  catalogue: ICatalogue,
  names: ReadonlySet<string>
): IPipeline {
  const chosen = names.size > 1 ? names : new Set(document.steps.keys());
  const before = around([...chosen].flatMap(name => boxOf(document, catalogue, name) ?? []));
  const places = [...arranged(document, catalogue, chosen)].map(
    ([name, { x, y }]) =>
      [name, { x: x + snapped(before?.x ?? 0), y: y + snapped(before?.y ?? 0) }] as const
  );
  return placeSteps(document, new Map(places));
}

/** Put steps in line, or (columns, rows) at equal distances. */
export function align(
  document: IPipeline,
  catalogue: ICatalogue,
  names: ReadonlySet<string>,
  how: Alignment
): IPipeline {
  const boxes = [...names].flatMap(name => {
    const box = boxOf(document, catalogue, name);
    return box === null ? [] : [{ name, ...box }];
  });
  const all = around(boxes);
  if (all === null || boxes.length < 2) {
    return document;
  }
  const places = new Map<string, IPoint>();
  if (how === 'columns' || how === 'rows') {
    const along = how === 'columns' ? 'x' : 'y';
    const long = how === 'columns' ? 'width' : 'height';
    boxes.sort((a, b) => a[along] - b[along]);
    const used = boxes.reduce((sum, each) => sum + each[long], 0);
    const gap = Math.max(GAP.row / 2, (all[long] - used) / (boxes.length - 1));
    let at = all[along];
    for (const box of boxes) {
      places.set(box.name, { x: box.x, y: box.y, [along]: Math.round(at) });
      at += box[long] + gap;
    }
  } else {
    for (const { name, x, y, width, height } of boxes) {
      places.set(name, {
        x: how === 'left' ? all.x : how === 'right' ? all.x + all.width - width : x,
        y: how === 'top' ? all.y : how === 'bottom' ? all.y + all.height - height : y
      });
    }
  }
  return placeSteps(document, places);
}

/** A place for a new step: right of what is selected, else of everything; never on another. */
export function freePlace(
  document: IPipeline,
  catalogue: ICatalogue,
  near: ReadonlySet<string>
): IPoint {
  const boxes = (names: Iterable<string>): IBox[] =>
    [...names].flatMap(name => boxOf(document, catalogue, name) ?? []);
  const everything = boxes(document.steps.keys());
  const beside = around(boxes(near)) ?? around(everything.slice(-1));
  if (beside === null) {
    return { x: 0, y: 0 };
  }
  const at = { x: snapped(beside.x + beside.width + GAP.column), y: snapped(beside.y) };
  return clear(everything, at);
}

/** `at`, moved down until a node of usual size covers no other. */
export function clear(boxes: readonly IBox[], at: IPoint): IPoint {
  const room = { ...at, width: NODE.width, height: USUAL_HEIGHT };
  for (let tries = 0; tries < 200; tries++) {
    const hit = boxes.find(
      box =>
        room.x < box.x + box.width &&
        box.x < room.x + room.width &&
        room.y < box.y + box.height &&
        box.y < room.y + room.height
    );
    if (hit === undefined) {
      break;
    }
    room.y = snapped(hit.y + hit.height + GAP.row);
  }
  return { x: room.x, y: room.y };
}

/** Put a frame or a comment in the place of the one with its id, or add it. */
export function putFrame(document: IPipeline, frame: IFrame): IPipeline {
  return withLayout(document, { frames: put(document.layout.frames, drawable(frame)) });
}

export function putComment(document: IPipeline, comment: IComment): IPipeline {
  return withLayout(document, { comments: put(document.layout.comments, drawable(comment)) });
}

/** Move frames and comments by id. */
export function shiftNotes(
  document: IPipeline,
  ids: Iterable<string>,
  { x, y }: IPoint
): IPipeline {
  let next = document;
  for (const id of ids) {
    const frame = next.layout.frames.find(each => each.id === id);
    const comment = next.layout.comments.find(each => each.id === id);
    if (frame !== undefined) {
      next = putFrame(next, { ...frame, x: frame.x + x, y: frame.y + y });
    }
    if (comment !== undefined) {
      next = putComment(next, { ...comment, x: comment.x + x, y: comment.y + y });
    }
  }
  return next;
}

/** Remove frames and comments by id. */
export function removeNotes(document: IPipeline, ids: ReadonlySet<string>): IPipeline {
  const { frames, comments } = document.layout;
  const left = {
    frames: frames.filter(each => !ids.has(each.id)),
    comments: comments.filter(each => !ids.has(each.id))
  };
  return left.frames.length === frames.length && left.comments.length === comments.length
    ? document
    : withLayout(document, left);
}

function drawable<T extends IBox>(box: T): T {
  const { width, height } = box;
  const size = { width: Math.min(FAR, width), height: Math.min(FAR, height) };
  return { ...box, ...reachable(box), ...size };
}

function put<T extends { readonly id: string }>(all: readonly T[], each: T): T[] {
  return all.some(old => old.id === each.id)
    ? all.map(old => (old.id === each.id ? each : old))
    : [...all, each];
}

function withLayout(document: IPipeline, change: Partial<ILayout>): IPipeline {
  return { ...document, layout: { ...document.layout, ...change } };
}
