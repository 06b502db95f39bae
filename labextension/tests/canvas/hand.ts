/** A canvas on a page, and a hand that uses it. */

import { Widget } from '@lumino/widgets';

import type { ICanvasActions } from '../../src/canvas/actions';
import { CanvasWidget } from '../../src/canvas/widget';
import type { IPoint } from '../../src/pipeline/document';
import type { PipelineModel } from '../../src/pipeline/model';
import { drawn, trans } from '../pipeline/drawn';

interface ISize {
  readonly width: number;
  readonly height: number;
}

export const SIZE: ISize = { width: 1200, height: 800 };

export interface IHand {
  readonly model: PipelineModel;
  readonly canvas: CanvasWidget;
  press(at: IPoint, keys?: MouseEventInit): void;
  move(at: IPoint): void;
  release(at: IPoint): void;
  drag(from: IPoint, to: IPoint, keys?: MouseEventInit): void;
  click(at: IPoint, keys?: MouseEventInit): void;
  twice(at: IPoint): void;
  wheel(at: IPoint, delta: number): void;
  /** The canvas is so large on the page from now on. */
  resize(size: ISize): void;
  /** So many pixels lower on the page, too. */
  lower(top: number, size: ISize): void;
  /** The same where the size stays: nobody tells the canvas. */
  put(top: number, size: ISize): void;
  /** The field that is open over the canvas. */
  field(): HTMLInputElement | HTMLTextAreaElement | null;
  type(text: string, key?: string): void;
}

/** A hand at an empty canvas of this size; `actions` are done outside of it. */
export function hand(actions?: ICanvasActions, size = SIZE): IHand {
  const { model, api } = drawn();
  const canvas = new CanvasWidget({
    model,
    api,
    trans,
    themes: null,
    ...(actions === undefined ? {} : { actions })
  });
  const resize = ({ width, height }: ISize): void => {
    Object.defineProperty(canvas.node, 'clientWidth', { value: width, configurable: true });
    Object.defineProperty(canvas.node, 'clientHeight', { value: height, configurable: true });
    canvas.processMessage(Widget.ResizeMessage.UnknownSize);
  };
  Widget.attach(canvas, document.body);
  resize(size);
  const element = canvas.node.querySelector('canvas');
  if (element === null) {
    throw new Error('There is no canvas.');
  }
  const put = (top: number, { width, height }: ISize): void => {
    for (const each of [canvas.node, element]) {
      each.getBoundingClientRect = () => new DOMRect(0, top, width, height);
    }
  };
  const send = (type: string, at: IPoint, init: MouseEventInit = {}): void => {
    const event = new MouseEvent(type, {
      bubbles: true,
      cancelable: true,
      clientX: at.x,
      clientY: at.y,
      ...init
    });
    Object.defineProperty(event, 'pointerId', { value: 1 });
    element.dispatchEvent(event);
  };
  const field = (): HTMLInputElement | HTMLTextAreaElement | null =>
    canvas.node.querySelector('input, textarea');
  return {
    model,
    canvas,
    press: (at, keys) => {
      send('pointerdown', at, keys);
    },
    move: at => {
      send('pointermove', at);
    },
    release: at => {
      send('pointerup', at);
    },
    drag: (from, to, keys) => {
      send('pointerdown', from, keys);
      send('pointermove', { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 });
      send('pointermove', to);
      send('pointerup', to);
    },
    click: (at, keys) => {
      send('pointerdown', at, keys);
      send('pointerup', at);
    },
    twice: at => {
      send('dblclick', at);
    },
    wheel: (at, delta) => {
      element.dispatchEvent(
        new WheelEvent('wheel', {
          deltaY: delta,
          clientX: at.x,
          clientY: at.y,
          bubbles: true,
          cancelable: true
        })
      );
    },
    resize,
    lower: (top, size) => {
      put(top, size);
      resize(size);
    },
    put,
    field,
    type: (text, key = 'Enter') => {
      const input = field();
      if (input === null) {
        throw new Error('No field is open.');
      }
      input.value = text;
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    }
  };
}

/** Where the canvas and the document say different things; empty, nowhere. */
export function drift({ model, canvas }: IHand): string[] {
  const { scene } = canvas;
  const { document } = model;
  const found: string[] = [];
  const say = (what: string): void => {
    found.push(what);
  };
  if (scene.document !== document) {
    say('another snapshot is shown');
  }
  if (scene.nodes.size !== document.steps.size) {
    say(`${scene.nodes.size} nodes for ${document.steps.size} steps`);
  }
  for (const step of document.steps.values()) {
    const node = scene.nodes.get(step.name);
    const at = document.layout.steps.get(step.name);
    if (node?.step !== step) {
      say(`${step.name} shows another step`);
    } else if (node.left !== (at?.x ?? 0) || node.top !== (at?.y ?? 0)) {
      say(`${step.name} is at ${node.left}, ${node.top}`);
    }
  }
  const drawn = scene.edges.map(each => `${each.step}.${each.output}>${each.target}.${each.input}`);
  const meant = [...document.steps.values()].flatMap(step =>
    [...step.inputs].flatMap(([input, each]) =>
      each.kind === 'step' ? [`${each.step}.${each.output}>${step.name}.${input}`] : []
    )
  );
  if (drawn.sort().join(' ') !== meant.sort().join(' ')) {
    say('other links are drawn');
  }
  if (scene.edges.some(edge => edge.from !== scene.nodes.get(edge.step))) {
    say('a link begins at a node that is gone');
  }
  if ([...scene.selection].some(name => !document.steps.has(name))) {
    say('something is selected that is not there');
  }
  return found;
}
