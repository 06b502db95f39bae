/** What is said of a thing under the pointer, and how the pointer looks there. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { countsText } from '../marks/bar';
import { declared } from '../pipeline/catalogue';
import { titleOf } from '../pipeline/document';
import type { IPort } from '../pipeline/links';
import type { IPipelineModel } from '../tokens';
import type { Hit } from './hits';
import type { Scene } from './scene';
import { Words } from './words';

interface IAbout {
  readonly model: IPipelineModel;
  readonly scene: Scene;
  readonly trans: TranslationBundle;
}

const CURSORS: Record<Hit['kind'], string> = {
  port: 'crosshair',
  param: 'default',
  title: 'default',
  step: 'default',
  progress: 'pointer',
  trouble: 'pointer',
  levels: 'pointer',
  edge: 'pointer',
  note: 'move',
  canvas: 'grab'
};

export function cursorOf(hit: Hit): string {
  return CURSORS[hit.kind];
}

export function told(hit: Hit, about: IAbout): string {
  switch (hit.kind) {
    case 'port':
      return portText(hit.port, about);
    case 'progress':
    case 'trouble':
    case 'levels':
      return stateText(hit.kind, hit.step, about);
    case 'param':
    case 'title':
    case 'step':
      return stepText(hit, about);
    default:
      return '';
  }
}

function portText({ step, side, name }: IPort, { model, trans }: IAbout): string {
  const { inputs, outputs } = declared(model.document.steps.get(step), model.catalogue);
  if (side === 'out') {
    const output = outputs.find(each => each.name === name);
    return output === undefined ? name : trans.__('%1: %2', name, output.type);
  }
  const input = inputs.find(each => each.name === name);
  const type = input?.value_type ?? input?.type ?? '';
  const lines = [
    type === '' ? name : trans.__('%1: %2', name, type),
    input?.module === null || input === undefined
      ? ''
      : trans.__('a result of module %1', input.module),
    input?.gather === true ? trans.__('a gathered list') : '',
    input?.description ?? ''
  ];
  return lines.filter(line => line !== '').join('\n');
}

function stateText(
  kind: 'progress' | 'trouble' | 'levels',
  step: string,
  { scene, trans }: IAbout
): string {
  const state = scene.states.get(step);
  if (state === undefined) {
    return '';
  }
  if (kind === 'trouble') {
    return trans.__('Open the log of what failed');
  }
  const { counts, warned, erred } = state;
  const lines =
    kind === 'progress'
      ? [countsText({ ...counts }, trans), workedText(new Words(trans).elapsed(state), trans)]
      : [
          erred > 0 ? trans._n('%1 run logged errors', '%1 runs logged errors', erred) : '',
          warned > 0 ? trans._n('%1 run logged warnings', '%1 runs logged warnings', warned) : ''
        ];
  const next = kind === 'progress' ? trans.__('Show its runs') : trans.__('Show these entries');
  return [...lines.filter(line => line !== ''), next].join('\n');
}

/** What the time on a node is. */
function workedText(elapsed: string, trans: TranslationBundle): string {
  return elapsed === '' ? '' : trans.__('its runs were at work for %1', elapsed);
}

function stepText(hit: Hit & { readonly step: string }, { model, scene }: IAbout): string {
  const messages = model.problems.filter(each => each.step === hit.step);
  if (messages.length > 0) {
    return messages.map(each => each.message).join('\n');
  }
  if (hit.kind === 'param') {
    return hit.param;
  }
  const node = scene.nodes.get(hit.step);
  if (hit.kind !== 'title' || node === undefined) {
    return '';
  }
  // The whole of what the node may have had no room for.
  const lines = [titleOf(node.step), node.version?.declaration.description ?? ''];
  return lines.filter(line => line !== '').join('\n');
}
