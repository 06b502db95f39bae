/** Moving in a graph by the keys that the settings name: lineage, and the graph of everything. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { flushSync } from 'react-dom';

import { CommandIDs } from '../commands';

const MOVES = ['in', 'out', 'fit', 'left', 'right', 'up', 'down', 'first', 'last'] as const;

/** Zooming, or walking from what has the focus. */
export type GraphMove = (typeof MOVES)[number];

interface IAsked {
  readonly to: GraphMove;
  /** What is walked to is chosen beside what is chosen. */
  readonly more: boolean;
}

/** The graph that has the focus hears of a key by it. */
const EVENT = 'pm-graph-move';

export function addGraphKeys(commands: CommandRegistry, trans: TranslationBundle): void {
  const said: Readonly<Record<GraphMove, string>> = {
    in: trans.__('Zoom In on Graph'),
    out: trans.__('Zoom Out of Graph'),
    fit: trans.__('Fit Graph'),
    left: trans.__('Walk Left in Graph'),
    right: trans.__('Walk Right in Graph'),
    up: trans.__('Walk Up in Graph'),
    down: trans.__('Walk Down in Graph'),
    first: trans.__('Walk to What the Graph Is About'),
    last: trans.__('Walk to the First Input in Graph')
  };
  commands.addCommand(CommandIDs.moveInGraph, {
    label: ({ to }) => (isMove(to) ? said[to] : trans.__('Move in Graph')),
    caption: trans.__('Zoom or walk in the graph that has the focus'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          to: { enum: MOVES },
          more: {
            type: 'boolean',
            description: trans.__('Choose what is walked to beside what is chosen')
          }
        },
        required: ['to']
      }
    },
    execute: ({ to, more }) => {
      if (isMove(to)) {
        moveInGraph(document.activeElement, to, more === true);
      }
    }
  });
}

/** Move in the graph that an element is, or is in. */
export function moveInGraph(at: Element | null, to: GraphMove, more = false): void {
  const detail: IAsked = { to, more };
  at?.dispatchEvent(new CustomEvent(EVENT, { bubbles: true, detail }));
}

/** Let a graph hear of the keys; `from` is what has the focus in it. */
export function useGraphMoves(
  graph: React.RefObject<Element>,
  move: (to: GraphMove, more: boolean, from: EventTarget | null) => void
): void {
  const told = React.useRef(move);
  // With what is drawn, not after it: the next key may come in between.
  React.useLayoutEffect(() => {
    told.current = move;
  });
  React.useEffect(() => {
    const node = graph.current;
    const onMove = (event: Event): void => {
      const { to, more } = (event as CustomEvent<IAsked>).detail;
      // Drawn at once, as React does it for keys: the next one goes on from there.
      flushSync(() => {
        told.current(to, more, event.target);
      });
    };
    node?.addEventListener(EVENT, onMove);
    return () => {
      node?.removeEventListener(EVENT, onMove);
    };
  }, [graph]);
}

function isMove(value: unknown): value is GraphMove {
  return MOVES.some(each => each === value);
}
