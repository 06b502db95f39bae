/** Steps as text: what copy puts on the clipboard and paste takes from it. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Binding, IPipeline, IStep } from './document';
import { EMPTY_LAYOUT } from './document';
import { freeName, withSteps } from './edits';
import { GRID } from './geometry';
import { readPipeline } from './reading';
import { pipelineText } from './writing';

/** The named steps as a pipeline document of their own; links from elsewhere are left out. */
export function copied(document: IPipeline, names: ReadonlySet<string>): string {
  return pipelineText(part(document, names));
}

function part(document: IPipeline, names: ReadonlySet<string>): IPipeline {
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
  return { ...document, steps: inner, layout: { ...EMPTY_LAYOUT, steps: places } };
}

/**
 * Add the steps of a text; null where it holds none.
 *
 * @returns the pipeline with them, and the names they got
 */
export function pasted(
  document: IPipeline,
  text: string,
  trans: TranslationBundle
): { document: IPipeline; names: string[] } | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  const { document: found, newer } = readPipeline(raw, trans);
  return newer || found.steps.size === 0 ? null : inserted(document, found);
}

/** Copies of the named steps beside them. A copy takes its data from where the original does. */
export function duplicated(
  document: IPipeline,
  names: ReadonlySet<string>
): { document: IPipeline; names: string[] } {
  const steps = new Map([...document.steps].filter(([name]) => names.has(name)));
  return inserted(document, { ...document, steps });
}

function inserted(document: IPipeline, found: IPipeline): { document: IPipeline; names: string[] } {
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
    return { x: at.x + 2 * GRID, y: at.y + 2 * GRID };
  });
  return { document: withSteps(document, steps, places), names: steps.map(step => step.name) };
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
