/** Edits of a pipeline: pure functions from one snapshot to the next. No change is the same one. */

import type { IInput } from '../api/methods';
import type {
  Binding,
  Branches,
  IDraft,
  IEdge,
  ILayout,
  IPipeline,
  IPlanRequest,
  IPoint,
  IStep,
  Resources,
  VersionSelector
} from './document';
import { newStep } from './document';
import { reachable } from './geometry';
import { linkOf } from './links';

/** A name like `wanted` that no step has: `filter`, `filter_2`, … */
export function freeName(taken: { has(name: string): boolean }, wanted: string): string {
  const base = wanted.replace(/_\d+$/, '') || wanted;
  let name = wanted;
  for (let number = 2; taken.has(name); number++) {
    name = `${base}_${number}`;
  }
  return name;
}

/** A new step of a method; `name` must be free (`freeName`). */
export function addStep(
  document: IPipeline,
  step: { name: string; method: string; version?: VersionSelector },
  at: IPoint
): IPipeline {
  return withSteps(document, [newStep(step.name, step.method, step.version)], [at]);
}

/** Add whole steps with their places. */
export function withSteps(
  document: IPipeline,
  steps: readonly IStep[],
  places: readonly IPoint[]
): IPipeline {
  const all = new Map(document.steps);
  const layout = new Map(document.layout.steps);
  steps.forEach((step, n) => {
    all.set(step.name, step);
    const at = places[n];
    if (at !== undefined) {
      layout.set(step.name, reachable(at));
    }
  });
  return { ...document, steps: all, layout: { ...document.layout, steps: layout } };
}

/** Remove steps, and every link from them. */
export function removeSteps(document: IPipeline, names: ReadonlySet<string>): IPipeline {
  const gone = [...names].filter(name => document.steps.has(name));
  if (gone.length === 0) {
    return document;
  }
  const steps = new Map<string, IStep>();
  for (const [name, step] of document.steps) {
    if (!names.has(name)) {
      const inputs = [...step.inputs].filter(
        ([, each]) => each.kind !== 'step' || !names.has(each.step)
      );
      steps.set(
        name,
        inputs.length === step.inputs.size ? step : { ...step, inputs: new Map(inputs) }
      );
    }
  }
  const layout = new Map([...document.layout.steps].filter(([name]) => !names.has(name)));
  return { ...document, steps, layout: { ...document.layout, steps: layout } };
}

/** Replace one step by what `edit` makes of it. */
export function editStep(
  document: IPipeline,
  name: string,
  edit: (step: IStep) => IStep
): IPipeline {
  const before = document.steps.get(name);
  const after = before && edit(before);
  if (after === undefined || after === before) {
    return document;
  }
  return { ...document, steps: new Map(document.steps).set(name, after) };
}

export function setBinding(
  document: IPipeline,
  step: string,
  input: string,
  binding: Binding | null
): IPipeline {
  return editStep(document, step, each => {
    if (binding === null && !each.inputs.has(input)) {
      return each;
    }
    const inputs = new Map(each.inputs);
    if (binding === null) {
      inputs.delete(input);
    } else {
      inputs.set(input, binding);
    }
    return { ...each, inputs };
  });
}

/** Draw a link; `input` is what the target's version declares. Ask `refuse` first. */
export function connect(document: IPipeline, edge: IEdge, input?: IInput): IPipeline {
  return setBinding(document, edge.target, edge.input, linkOf(edge, input));
}

export function disconnect(document: IPipeline, edge: IEdge): IPipeline {
  const present = document.steps.get(edge.target)?.inputs.get(edge.input);
  return present?.kind === 'step' && present.step === edge.step && present.output === edge.output
    ? setBinding(document, edge.target, edge.input, null)
    : document;
}

/** Set a parameter (canonical text), or leave it to the method again (null). */
export function setParam(
  document: IPipeline,
  step: string,
  param: string,
  text: string | null
): IPipeline {
  return editStep(document, step, each => {
    if ((each.params.get(param) ?? null) === text) {
      return each;
    }
    const params = new Map(each.params);
    if (text === null) {
      params.delete(param);
    } else {
      params.set(param, text);
    }
    return { ...each, params };
  });
}

export function setVersion(document: IPipeline, step: string, version: VersionSelector): IPipeline {
  return editStep(document, step, each => (each.version === version ? each : { ...each, version }));
}

export function setMethod(document: IPipeline, step: string, method: string): IPipeline {
  return editStep(document, step, each =>
    each.method === method ? each : { ...each, method, version: 'latest' }
  );
}

export function setTitle(document: IPipeline, step: string, title: string | null): IPipeline {
  return editStep(document, step, each => (each.title === title ? each : { ...each, title }));
}

export function setBranches(
  document: IPipeline,
  step: string,
  branches: Branches | null
): IPipeline {
  return editStep(document, step, each => ({ ...each, branches }));
}

export function setBranchGroup(
  document: IPipeline,
  step: string,
  branchGroup: string | null
): IPipeline {
  return editStep(document, step, each =>
    each.branchGroup === branchGroup ? each : { ...each, branchGroup }
  );
}

export function setResources(document: IPipeline, step: string, resources: Resources): IPipeline {
  return editStep(document, step, each => ({ ...each, resources }));
}

/**
 * Give a step another name, wherever it is named: links, gathers, and what the plan asks for.
 *
 * `to` must be free.
 */
export function renameStep(draft: IDraft, from: string, to: string): IDraft {
  const { document, request } = draft;
  if (from === to || !document.steps.has(from) || document.steps.has(to)) {
    return draft;
  }
  const steps = new Map<string, IStep>();
  for (const [name, step] of document.steps) {
    const inputs = renamedInputs(step.inputs, from, to);
    const renamed = inputs === step.inputs ? step : { ...step, inputs };
    steps.set(name === from ? to : name, name === from ? { ...renamed, name: to } : renamed);
  }
  const layout: ILayout = {
    ...document.layout,
    steps: renamedKey(document.layout.steps, from, to)
  };
  return {
    document: { ...document, steps, layout },
    request: renamedRequest(request, from, to)
  };
}

function renamedInputs(
  inputs: ReadonlyMap<string, Binding>,
  from: string,
  to: string
): ReadonlyMap<string, Binding> {
  let changed = false;
  const renamed = new Map<string, Binding>();
  for (const [input, binding] of inputs) {
    let now = binding;
    if (now.kind === 'step' && now.step === from) {
      now = { ...now, step: to };
    }
    if (
      (now.kind === 'step' || now.kind === 'column') &&
      now.gather?.over.includes(from) === true
    ) {
      const over = now.gather.over.map(each => (each === from ? to : each));
      now = { ...now, gather: { ...now.gather, over } };
    }
    changed ||= now !== binding;
    renamed.set(input, now);
  }
  return changed ? renamed : inputs;
}

function renamedKey<T>(map: ReadonlyMap<string, T>, from: string, to: string): Map<string, T> {
  return new Map([...map].map(([name, value]) => [name === from ? to : name, value]));
}

function renamedRequest(request: IPlanRequest, from: string, to: string): IPlanRequest {
  const keyed = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(renamedKey(new Map(Object.entries(record)), from, to));
  const list = (names: readonly string[]): string[] =>
    names.map(name => (name === from ? to : name));
  const { branches, branch_groups, until, excluded, rerun } = request;
  return {
    ...request,
    ...(branches === undefined ? {} : { branches: keyed(branches) }),
    ...(branch_groups === undefined ? {} : { branch_groups: keyed(branch_groups) }),
    ...(until === undefined ? {} : { until: list(typeof until === 'string' ? [until] : until) }),
    ...(excluded === undefined ? {} : { excluded: excluded.map(keyed) }),
    ...(rerun === undefined
      ? {}
      : {
          rerun: {
            ...rerun,
            ...(rerun.steps === undefined ? {} : { steps: list(rerun.steps) }),
            ...(rerun.parts === undefined
              ? {}
              : {
                  parts: rerun.parts.map(part => ({
                    ...part,
                    ...(part.step === from ? { step: to } : {}),
                    ...(typeof part.branch === 'object' ? { branch: keyed(part.branch) } : {})
                  }))
                })
          }
        })
  };
}

/** Everything that this page does not know, dropped: what the server would otherwise refuse. */
export function dropUnknown(document: IPipeline): IPipeline {
  const none: ReadonlyMap<string, unknown> = new Map();
  const steps = new Map(
    [...document.steps].map(([name, step]) => [name, { ...step, unknown: none }])
  );
  return { ...document, steps, unknown: none };
}

/** The name under which a pipeline is saved; an edit of the document, but none of its meaning. */
export function setPipelineName(document: IPipeline, name: string): IPipeline {
  return document.name === name ? document : { ...document, name };
}

export function setDescription(document: IPipeline, description: string): IPipeline {
  return document.description === description ? document : { ...document, description };
}
