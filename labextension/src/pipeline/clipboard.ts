/** Steps, comments and frames as text: what copy puts on the clipboard and paste takes from it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import type { Binding, IBox, ILayout, IPipeline, IPoint, IStep } from './document';
import { EMPTY_LAYOUT } from './document';
import { putComment, putFrame } from './drawing';
import { freeName, withSteps } from './edits';
import { GRID } from './geometry';
import { readPipeline } from './reading';
import { pipelineText } from './writing';

/** Steps by name, comments and frames by id. */
export interface IChosen {
  readonly steps: ReadonlySet<string>;
  readonly notes: ReadonlySet<string>;
}

/** A pipeline into which something was put, and what it is called there. */
interface IInserted {
  readonly document: IPipeline;
  readonly names: readonly string[];
  /** The ids of the comments and frames. */
  readonly notes: readonly string[];
}

const NONE: ReadonlySet<string> = new Set();

/**
 * The named steps as a pipeline document of their own; links from elsewhere are left out.
 *
 * @param notes - ids of the comments and frames that come along
 */
export function copied(document: IPipeline, names: ReadonlySet<string>, notes = NONE): string {
  return pipelineText(part(document, names, notes));
}

function part(
  document: IPipeline,
  names: ReadonlySet<string>,
  notes: ReadonlySet<string>
): IPipeline {
  const steps = new Map([...document.steps].filter(([name]) => names.has(name)));
  const inner = new Map(
    [...steps].map(([name, step]) => {
      const inputs = [...step.inputs].filter(
        ([, each]) => each.kind !== 'step' || names.has(each.step)
      );
      return [name, { ...step, inputs: new Map(inputs) }];
    })
  );
  const places = new Map([...document.layout.steps].filter(([name]) => names.has(name)));
  const layout = { ...EMPTY_LAYOUT, ...notesOf(document, notes), steps: places };
  return { ...document, steps: inner, layout };
}

function notesOf(
  { layout }: IPipeline,
  ids: ReadonlySet<string>
): Pick<ILayout, 'frames' | 'comments'> {
  return {
    frames: layout.frames.filter(each => ids.has(each.id)),
    comments: layout.comments.filter(each => ids.has(each.id))
  };
}

/** Add the steps, comments and frames of a text; null where it holds none. */
export function pasted(
  document: IPipeline,
  text: string,
  trans: TranslationBundle
): IInserted | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  const { document: found, newer } = readPipeline(raw, trans);
  const { frames, comments } = found.layout;
  const isNothing = found.steps.size + frames.length + comments.length === 0;
  return newer || isNothing ? null : inserted(document, found);
}

/**
 * Copies of the named steps beside them. A copy takes its data from where the original does.
 *
 * @param notes - ids of the comments and frames that are copied as well
 */
export function duplicated(
  document: IPipeline,
  names: ReadonlySet<string>,
  notes = NONE
): IInserted {
  const steps = new Map([...document.steps].filter(([name]) => names.has(name)));
  const layout = { ...document.layout, ...notesOf(document, notes) };
  return inserted(document, { ...document, steps, layout });
}

function inserted(document: IPipeline, found: IPipeline): IInserted {
  const taken = new Set(document.steps.keys());
  const renamed = new Map<string, string>();
  for (const name of found.steps.keys()) {
    const free = freeName(taken, name);
    taken.add(free);
    renamed.set(name, free);
  }
  const steps = [...found.steps.values()].map(step => renamedStep(step, renamed));
  const places = [...found.steps.keys()].map((name, n) => {
    const at = found.layout.steps.get(name) ?? { x: n * GRID, y: n * GRID };
    return aside(at);
  });
  const anew = <T extends IBox>(box: T): T & { id: string } => ({
    ...box,
    ...aside(box),
    id: UUID.uuid4()
  });
  const frames = found.layout.frames.map(anew);
  const comments = found.layout.comments.map(anew);
  const withFrames = frames.reduce(putFrame, withSteps(document, steps, places));
  return {
    document: comments.reduce(putComment, withFrames),
    names: steps.map(step => step.name),
    notes: [...frames, ...comments].map(each => each.id)
  };
}

/** Beside the original: a copy that lies on it would not be seen. */
function aside({ x, y }: IPoint): IPoint {
  return { x: x + 2 * GRID, y: y + 2 * GRID };
}

function renamedStep(step: IStep, renamed: ReadonlyMap<string, string>): IStep {
  const inputs = [...step.inputs].map(([input, binding]): [string, Binding] => [
    input,
    binding.kind === 'step'
      ? { ...binding, step: renamed.get(binding.step) ?? binding.step }
      : binding
  ]);
  return { ...step, name: renamed.get(step.name) ?? step.name, inputs: new Map(inputs) };
}
