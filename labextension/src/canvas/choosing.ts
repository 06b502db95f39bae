/** What a press selects: a step, a note with what is in it, a link, or all in the rubber band. */

import type { IBox } from '../pipeline/document';
import type { IPipelineModel } from '../tokens';
import { covers, overlap } from './gesture_state';
import type { Hit } from './hits';
import type { Scene, StepNode } from './scene';

interface IAbout {
  readonly scene: Scene;
  readonly model: IPipelineModel;
}

/** Select what was hit, and nothing else. */
export function choose({ model, scene }: IAbout, hit: Hit): void {
  scene.edge = hit.kind === 'edge' ? hit.edge : null;
  scene.notes = hit.kind === 'note' ? new Set([hit.id]) : new Set();
  const step = hit.kind === 'port' ? hit.port.step : 'step' in hit ? hit.step : null;
  if (step === null) {
    model.select([]);
  } else if (!model.selection.has(step)) {
    model.select([step]);
  }
}

/**
 * A step is pressed: with a key held it joins or leaves the selection.
 *
 * @returns whether it was selected before
 */
export function chooseStep({ model, scene }: IAbout, step: string, several: boolean): boolean {
  scene.edge = null;
  scene.notes = several ? scene.notes : new Set();
  const was = model.selection.has(step);
  if (several) {
    const next = new Set(model.selection);
    if (was) {
      next.delete(step);
    } else {
      next.add(step);
    }
    model.select(next);
  } else if (!was) {
    model.select([step]);
  }
  scene.raise(step);
  return was;
}

/** A frame or comment is pressed: a frame takes the steps in it along. */
export function chooseNote({ model, scene }: IAbout, id: string, several: boolean): void {
  if (!scene.notes.has(id)) {
    scene.notes = new Set(several ? [...scene.notes, id] : [id]);
    if (!several) {
      const frame = scene.frame(id);
      model.select(frame === undefined ? [] : named(scene, node => covers(frame, boxOf(node))));
    }
  }
}

/** Select what a band touches, besides what is kept. */
export function chooseBand({ model, scene }: IAbout, band: IBox, kept: ReadonlySet<string>): void {
  model.select(new Set([...kept, ...named(scene, node => overlap(band, boxOf(node)))]));
}

function named(scene: Scene, isMeant: (node: StepNode) => boolean): string[] {
  return [...scene.nodes.values()].filter(isMeant).map(node => node.step.name);
}

function boxOf({ left: x, top: y, wide: width, high: height }: StepNode): IBox {
  return { x, y, width, height };
}
