/** Links: which are impossible and why, what could go where. The rules of the server stay there. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IInput, IOutput, IVersion } from '../api/methods';
import type { ICatalogue } from './catalogue';
import { declared } from './catalogue';
import type { Binding, IEdge, IGather, IPipeline } from './document';
import { SAMPLE } from './document';

/** One end of a link. */
export interface IPort {
  readonly step: string;
  readonly side: 'in' | 'out';
  readonly name: string;
}

/** What could be joined to a port. */
export interface ISuggestion {
  /** A port of a step that is there. */
  readonly port?: IPort;
  /** A method that could be added, and its port. */
  readonly version?: IVersion;
  readonly name: string;
}

/**
 * Why a link cannot be, as a sentence for beside the pointer; null where it can.
 *
 * What is asked here is only what makes a gesture senseless: the server checks the whole.
 */
export function refuse(
  document: IPipeline,
  catalogue: ICatalogue,
  edge: IEdge,
  trans: TranslationBundle
): string | null {
  const source = document.steps.get(edge.step);
  const target = document.steps.get(edge.target);
  if (source === undefined || target === undefined) {
    return trans.__('There is no such step.');
  }
  const from = declared(source, catalogue);
  const to = declared(target, catalogue);
  const output = from.outputs.find(each => each.name === edge.output);
  const input = to.inputs.find(each => each.name === edge.input);
  if (from.version !== undefined && output === undefined) {
    return trans.__('"%1" has no output "%2".', edge.step, edge.output);
  }
  if (to.version !== undefined && input === undefined) {
    return trans.__('"%1" has no input "%2".', edge.target, edge.input);
  }
  if (edge.step === edge.target) {
    return trans.__('A step cannot feed itself.');
  }
  if (isAbove(document, edge.target, edge.step)) {
    return trans.__(
      'This would close a cycle: "%1" already leads to "%2".',
      edge.target,
      edge.step
    );
  }
  if (output !== undefined && input !== undefined) {
    const misfit = misfitOf(output, from.version, input, trans);
    if (misfit !== null) {
      return misfit;
    }
  }
  const present = target.inputs.get(edge.input);
  return present === undefined ? null : occupied(edge, present, trans);
}

/** Why the output does not fit the input, whatever steps they belong to. */
export function misfitOf(
  output: IOutput,
  source: IVersion | undefined,
  input: IInput,
  trans: TranslationBundle
): string | null {
  if (input.type === 'value' || input.type === 'list') {
    return trans.__('"%1" takes a value, not the output of a step.', input.name);
  }
  if (input.module !== null && source !== undefined && source.module !== input.module) {
    return trans.__(
      '"%1" takes results of module %2; this one is of module %3.',
      input.name,
      input.module,
      source.module
    );
  }
  const wanted = input.value_type;
  const anything = wanted === null || (wanted === 'file' && output.type !== 'directory');
  return anything || wanted === output.type
    ? null
    : trans.__('"%1" takes %2, "%3" is %4.', input.name, wanted, output.name, output.type);
}

function occupied(edge: IEdge, present: Binding, trans: TranslationBundle): string {
  switch (present.kind) {
    case 'step':
      return present.step === edge.step && present.output === edge.output
        ? trans.__('They are connected already.')
        : trans.__(
            '"%1" is fed by "%2" already: remove that link first.',
            edge.input,
            present.step
          );
    case 'column':
      return trans.__(
        '"%1" takes the column "%2" of the samples: clear that first.',
        edge.input,
        present.column
      );
    case 'run':
      return trans.__('"%1" takes a result of run %2: clear that first.', edge.input, present.run);
    case 'value':
    case 'file':
      return trans.__('"%1" has data already: clear that first.', edge.input);
  }
}

/** Whether a way of links leads from `above` down to `below`. */
export function isAbove(document: IPipeline, above: string, below: string): boolean {
  const waiting = [below];
  const seen = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === above) {
      return true;
    }
    if (!seen.has(name)) {
      seen.add(name);
      waiting.push(...parentsOf(document, name));
    }
  }
  return false;
}

/** The steps that a step takes results from. */
export function parentsOf(document: IPipeline, name: string): string[] {
  const inputs = document.steps.get(name)?.inputs.values() ?? [];
  return [...inputs].flatMap(each => (each.kind === 'step' ? [each.step] : []));
}

/** The binding that a new link makes: an input that expects a list gathers over the samples. */
export function linkOf(edge: IEdge, input: IInput | undefined): Binding {
  return { kind: 'step', step: edge.step, output: edge.output, gather: gatherOf(input) };
}

/** The binding to a column of the samples; what is said of lists stays where only the column is another. */
export function columnOf(
  column: string,
  input: IInput | undefined,
  before: Binding | undefined
): Binding {
  const gather = before?.kind === 'column' ? before.gather : gatherOf(input);
  return { kind: 'column', column, gather };
}

function gatherOf(input: IInput | undefined): IGather | null {
  return input?.gather === true ? { over: [SAMPLE], by: [], onFailure: 'wait' } : null;
}

/** What can be joined to a port: free ports of the steps that are there, then methods to add. */
export function suggestions(
  document: IPipeline,
  catalogue: ICatalogue,
  port: IPort,
  trans: TranslationBundle
): ISuggestion[] {
  const found: ISuggestion[] = [];
  for (const step of document.steps.values()) {
    const { inputs, outputs } = declared(step, catalogue);
    for (const each of port.side === 'out' ? inputs : outputs) {
      const edge = edgeOf(port, { step: step.name, name: each.name });
      if (refuse(document, catalogue, edge, trans) === null) {
        const side = port.side === 'out' ? 'in' : 'out';
        found.push({ port: { step: step.name, side, name: each.name }, name: each.name });
      }
    }
  }
  const own = declared(document.steps.get(port.step), catalogue);
  for (const method of catalogue.methods) {
    const version = method.latest;
    if (version === null) {
      continue;
    }
    const name =
      port.side === 'out'
        ? firstFitting(
            own.outputs.find(each => each.name === port.name),
            own.version,
            version,
            trans
          )
        : version.declaration.outputs.find(output =>
            own.inputs.some(
              input => input.name === port.name && misfitOf(output, version, input, trans) === null
            )
          )?.name;
    if (name !== undefined) {
      found.push({ version, name });
    }
  }
  return found;
}

/** The link between a port and another step's port, whichever end was named first. */
export function edgeOf(port: IPort, other: { step: string; name: string }): IEdge {
  return port.side === 'out'
    ? { step: port.step, output: port.name, target: other.step, input: other.name }
    : { step: other.step, output: other.name, target: port.step, input: port.name };
}

function firstFitting(
  output: IOutput | undefined,
  source: IVersion | undefined,
  target: IVersion,
  trans: TranslationBundle
): string | undefined {
  return output === undefined
    ? undefined
    : target.declaration.inputs.find(input => misfitOf(output, source, input, trans) === null)
        ?.name;
}
