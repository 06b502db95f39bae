/** Pulling a link from a port to another, or off the input that it feeds. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { declared } from '../pipeline/catalogue';
import type { IPoint } from '../pipeline/document';
import { connect, disconnect } from '../pipeline/edits';
import type { IPort } from '../pipeline/links';
import { edgeOf, refuse } from '../pipeline/links';
import type { IPipelineModel } from '../tokens';
import type { Engine } from './engine';
import type { Pulling } from './gesture_state';
import { hitAt, topNode } from './hits';
import type { IPulledLink } from './overlay';
import type { Scene } from './scene';
import { portOf } from './scene';

interface IAbout {
  readonly engine: Engine;
  readonly scene: Scene;
  readonly model: IPipelineModel;
  readonly trans: TranslationBundle;
  /** A port was clicked, or a link was let go over nothing. */
  readonly offer: (port: IPort, at: IPoint) => void;
}

/** Begin at a port: at an input that has a link, that link is taken off. */
export function pull(model: IPipelineModel, port: IPort, at: IPoint): Pulling {
  const binding =
    port.side === 'in' ? model.document.steps.get(port.step)?.inputs.get(port.name) : undefined;
  const rest = { start: at, at, over: null, reason: null, moved: false } as const;
  if (binding?.kind === 'step' && model.document.steps.has(binding.step)) {
    const taken = {
      step: binding.step,
      output: binding.output,
      target: port.step,
      input: port.name
    };
    const source: IPort = { step: binding.step, side: 'out', name: binding.output };
    return { kind: 'link', port: source, taken, ...rest };
  }
  return { kind: 'link', port, taken: null, ...rest };
}

/** How the link looks while it is pulled; null, it is not yet. */
export function pulled(state: Pulling, { engine, scene }: IAbout): IPulledLink | null {
  const node = scene.nodes.get(state.port.step);
  if (!state.moved || node === undefined) {
    return null;
  }
  return {
    from: engine.toPage(portOf(node, state.port.side, state.port.name)),
    to: state.at,
    forward: state.port.side === 'out',
    reason: state.reason,
    fits: state.over !== null && state.reason === null
  };
}

/** What a pulled link would end at: the port under the pointer, or one of the node there. */
export function aim(
  state: Pulling,
  where: IPoint,
  { engine, scene, model, trans }: IAbout
): { over: IPort | null; reason: string | null } {
  const { port, taken } = state;
  const side = port.side === 'out' ? 'in' : 'out';
  const document = taken === null ? model.document : disconnect(model.document, taken);
  const reasonFor = (over: IPort): string | null =>
    refuse(document, model.catalogue, edgeOf(port, over), trans);
  const hit = hitAt(scene, where, engine.view.scale);
  if (hit.kind === 'port') {
    if (hit.port.side === side) {
      return { over: hit.port, reason: reasonFor(hit.port) };
    }
    const isStart = hit.port.step === port.step && hit.port.name === port.name;
    const reason =
      side === 'in'
        ? trans.__('Links go from an output to an input.')
        : trans.__('Links come from an output.');
    return { over: null, reason: isStart ? null : reason };
  }
  const node = topNode(scene, where);
  if (node === null) {
    return { over: null, reason: null };
  }
  const names = side === 'in' ? node.form.inputs : node.form.outputs;
  let first: string | null = null;
  for (const name of names) {
    const over = { step: node.step.name, side, name } as const;
    const reason = reasonFor(over);
    if (reason === null) {
      return { over, reason };
    }
    first ??= reason;
  }
  return {
    over: null,
    reason: node.step.name === port.step && names.length === 0 ? null : first
  };
}

/** Let go: join, take off, or offer what could be joined. */
export function join(state: Pulling, at: IPoint, { model, trans, offer }: IAbout): void {
  const { taken, over, reason } = state;
  if (!state.moved) {
    const clicked: IPort =
      taken === null ? state.port : { step: taken.target, side: 'in', name: taken.input };
    model.select([clicked.step]);
    offer(clicked, at);
    return;
  }
  if (reason !== null) {
    return;
  }
  if (over === null) {
    if (taken !== null) {
      model.commit(trans.__('disconnect %1', `${taken.target}.${taken.input}`), document =>
        disconnect(document, taken)
      );
    } else {
      offer(state.port, at);
    }
    return;
  }
  const edge = edgeOf(state.port, over);
  const { inputs } = declared(model.document.steps.get(edge.target), model.catalogue);
  const input = inputs.find(each => each.name === edge.input);
  if (taken !== null && taken.target === edge.target && taken.input === edge.input) {
    return;
  }
  model.commit(trans.__('connect %1 to %2', edge.step, edge.target), document =>
    connect(taken === null ? document : disconnect(document, taken), edge, input)
  );
}
