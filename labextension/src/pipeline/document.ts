/**
 * The pipeline document: what the canvas draws, templates store and plans are made from.
 *
 * Snapshots are immutable: an edit makes a new one that shares what did not change, so that two of
 * them are compared by identity. Names are free text, so everything is kept in maps, where a step
 * called `constructor` is a step like any other. What is meant by each field is said once, in
 * pm_kernel/domain/pipeline.py.
 */

/** The format that this page reads and writes. */
export const FORMAT = 1;

/** The name of the dimension that every sample sheet has. */
export const SAMPLE = 'sample';

/** A number, or whatever is newest when the plan is made. */
export type VersionSelector = number | 'latest';

/** How an input collects one list per group instead of one result per run. */
export interface IGather {
  readonly over: readonly string[];
  readonly by: readonly string[];
  readonly onFailure: 'wait' | 'go_on';
}

/** Where an input gets its data. */
export type Binding =
  | {
      readonly kind: 'step';
      readonly step: string;
      readonly output: string;
      readonly gather: IGather | null;
    }
  | { readonly kind: 'column'; readonly column: string; readonly gather: IGather | null }
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'run'; readonly run: number; readonly output: string };

/** `function.param` -> canonical text. */
export type Params = ReadonlyMap<string, string>;

/** Several parameter sets at one step; null is none. */
export type Branches =
  | { readonly kind: 'named'; readonly members: readonly INamedBranch[] }
  | { readonly kind: 'listed'; readonly members: readonly Params[] }
  | { readonly kind: 'grid'; readonly axes: ReadonlyMap<string, readonly string[]> };

export interface INamedBranch {
  readonly name: string;
  readonly params: Params;
}

/** What a step asks of the machine; what is absent is the site's default. */
export type Resources = Readonly<Record<string, unknown>>;

/** One box of the pipeline. */
export interface IStep {
  readonly name: string;
  /** Empty where none is chosen yet. */
  readonly method: string;
  readonly version: VersionSelector;
  /** Shown instead of the name; no meaning. */
  readonly title: string | null;
  readonly params: Params;
  readonly branchGroup: string | null;
  readonly branches: Branches | null;
  readonly resources: Resources;
  readonly inputs: ReadonlyMap<string, Binding>;
  /** Keys that this page does not know; they are written back as they were read. */
  readonly unknown: ReadonlyMap<string, unknown>;
}

export interface IPoint {
  readonly x: number;
  readonly y: number;
}

export interface IBox extends IPoint {
  readonly width: number;
  readonly height: number;
}

/** A titled rectangle behind the steps that belong together. */
export interface IFrame extends IBox {
  readonly id: string;
  readonly title: string;
}

/** A note on the canvas. */
export interface IComment extends IBox {
  readonly id: string;
  readonly text: string;
}

/** The drawing: it means nothing to a plan. */
export interface ILayout {
  readonly steps: ReadonlyMap<string, IPoint>;
  readonly frames: readonly IFrame[];
  readonly comments: readonly IComment[];
  readonly unknown: ReadonlyMap<string, unknown>;
}

export interface IPipeline {
  readonly name: string;
  readonly description: string;
  readonly steps: ReadonlyMap<string, IStep>;
  readonly layout: ILayout;
  readonly unknown: ReadonlyMap<string, unknown>;
}

/** A link of the canvas: an output of one step to an input of another. */
export interface IEdge {
  readonly step: string;
  readonly output: string;
  readonly target: string;
  readonly input: string;
}

/** What a draft plan asks for beyond its pipeline, as pm_kernel/domain/plan_request.py reads it. */
export interface IPlanRequest {
  readonly samples?:
    | readonly string[]
    | { readonly sheet: string }
    | {
        readonly columns?: readonly string[];
        readonly rows: readonly Readonly<Record<string, string>>[];
      };
  readonly branches?: Readonly<Record<string, unknown>>;
  readonly branch_groups?: Readonly<Record<string, string | null>>;
  readonly until?: string | readonly string[];
  readonly excluded?: readonly Readonly<Record<string, string>>[];
  readonly rerun?: {
    readonly all?: boolean;
    readonly steps?: readonly string[];
    readonly keys?: readonly string[];
    readonly parts?: readonly IPlanPart[];
  };
}

/** Part of the run tree: the planned runs that fit everything that is said. */
export interface IPlanPart {
  readonly step?: string;
  readonly sample?: string;
  /** As it is shown, or one of those chosen in it; or by step or branch group. */
  readonly branch?: string | Readonly<Record<string, string>>;
}

/** Everything that an edit can change, and undo takes back. */
export interface IDraft {
  readonly document: IPipeline;
  readonly request: IPlanRequest;
}

export const EMPTY_LAYOUT: ILayout = {
  steps: new Map(),
  frames: [],
  comments: [],
  unknown: new Map()
};

export const EMPTY_PIPELINE: IPipeline = {
  name: '',
  description: '',
  steps: new Map(),
  layout: EMPTY_LAYOUT,
  unknown: new Map()
};

/** A step with nothing said but its method. */
export function newStep(name: string, method: string, version: VersionSelector = 'latest'): IStep {
  return {
    name,
    method,
    version,
    title: null,
    params: new Map(),
    branchGroup: null,
    branches: null,
    resources: {},
    inputs: new Map(),
    unknown: new Map()
  };
}

/** What is shown as the name of a step. */
export function titleOf(step: IStep): string {
  return step.title ?? step.name;
}

/** All links of the canvas. A link from a step that is gone is one too: it is shown as broken. */
export function edgesOf(document: IPipeline): IEdge[] {
  const edges: IEdge[] = [];
  for (const step of document.steps.values()) {
    for (const [input, binding] of step.inputs) {
      if (binding.kind === 'step') {
        edges.push({ step: binding.step, output: binding.output, target: step.name, input });
      }
    }
  }
  return edges;
}

/** How many branches a step has; 1 where it has none. */
export function branchCount(branches: Branches | null): number {
  if (branches === null) {
    return 1;
  }
  return branches.kind === 'grid'
    ? [...branches.axes.values()].reduce((product, values) => product * values.length, 1)
    : Math.max(1, branches.members.length);
}

/** The different values that a parameter has in the branches, in their order. */
export function branchValues(branches: Branches | null, param: string): string[] {
  if (branches === null) {
    return [];
  }
  if (branches.kind === 'grid') {
    return [...new Set(branches.axes.get(param) ?? [])];
  }
  const sets =
    branches.kind === 'named' ? branches.members.map(each => each.params) : branches.members;
  return [...new Set(sets.flatMap(params => params.get(param) ?? []))];
}
