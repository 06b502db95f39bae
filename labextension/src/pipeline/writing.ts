/** A snapshot as the JSON that the server half reads: only what was said, so nothing is null. */

import type { Binding, Branches, IGather, ILayout, IPipeline, IStep, Params } from './document';
import { FORMAT } from './document';

type Json = Record<string, unknown>;

/** The whole document as plain data. */
export function writePipeline(document: IPipeline): Json {
  return {
    ...record(document.unknown),
    format: FORMAT,
    name: document.name,
    description: document.description,
    steps: record(mapped(document.steps, writeStep)),
    layout: writeLayout(document.layout)
  };
}

/** The document as text: the same pipeline always gives the same characters. */
export function pipelineText(document: IPipeline): string {
  return `${JSON.stringify(sorted(writePipeline(document)), null, 2)}\n`;
}

export function writeStep(step: IStep): Json {
  const written: Json = { ...record(step.unknown), method: step.method, version: step.version };
  say(written, 'title', step.title);
  say(written, 'params', step.params.size > 0 ? writeParams(step.params) : null);
  say(written, 'branch_group', step.branchGroup);
  say(written, 'branches', step.branches === null ? null : writeBranches(step.branches));
  say(written, 'resources', Object.keys(step.resources).length > 0 ? step.resources : null);
  const inputs = mapped(step.inputs, writeBinding);
  say(written, 'inputs', inputs.size > 0 ? record(inputs) : null);
  return written;
}

export function writeBinding(binding: Binding): Json {
  switch (binding.kind) {
    case 'step':
      return { from: `${binding.step}.${binding.output}`, ...gathered(binding.gather) };
    case 'column':
      return { column: binding.column, ...gathered(binding.gather) };
    case 'value':
      return { value: binding.text };
    case 'file':
      return { file: binding.path };
    case 'run':
      return { run: binding.run, output: binding.output };
  }
}

export function writeBranches(branches: Branches): unknown {
  switch (branches.kind) {
    case 'grid':
      return { grid: record(branches.axes) };
    case 'named':
      return branches.members.map(each => ({ name: each.name, params: writeParams(each.params) }));
    case 'listed':
      return branches.members.map(writeParams);
  }
}

function writeParams(params: Params): Json {
  return record(params);
}

function gathered(gather: IGather | null): Json {
  if (gather === null) {
    return {};
  }
  const written: Json = { over: [...gather.over].sort() };
  say(written, 'by', gather.by.length > 0 ? [...gather.by].sort() : null);
  say(written, 'on_failure', gather.onFailure === 'wait' ? null : gather.onFailure);
  return { gather: written };
}

function writeLayout(layout: ILayout): Json {
  const written: Json = record(layout.unknown);
  const steps = mapped(layout.steps, ({ x, y }) => [x, y]);
  say(written, 'steps', steps.size > 0 ? record(steps) : null);
  say(written, 'frames', layout.frames.length > 0 ? layout.frames : null);
  say(written, 'comments', layout.comments.length > 0 ? layout.comments : null);
  return written;
}

function say(written: Json, key: string, value: unknown): void {
  if (value !== null) {
    written[key] = value;
  }
}

function mapped<T, U>(map: ReadonlyMap<string, T>, write: (value: T) => U): Map<string, U> {
  return new Map([...map].map(([key, value]) => [key, write(value)]));
}

/** Own properties even for a name like `__proto__`. */
function record(map: ReadonlyMap<string, unknown>): Json {
  return Object.fromEntries(map);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value).map(([key, each]) => [key, sorted(each)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
