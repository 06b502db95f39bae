/** Which alike runs of a lineage are drawn together, as somebody wants it. */

import React from 'react';

import { useHere } from '../screen/here';
import { folded, foldKey, MANY } from './fold';
import type { IGraph } from './graph';
import type { ILook } from './look';

const NONE: ReadonlySet<string> = new Set();

export interface IFolding {
  /** What is drawn. */
  readonly shown: IGraph;
  readonly home: ReadonlyMap<number, number>;
  readonly on: boolean;
  /** Whether there are alike runs. */
  readonly possible: boolean;
  readonly turn: () => void;
  readonly unfold: (run: number) => void;
}

/** Alike runs together, until somebody wants them apart: all of them, or those of single groups. */
export function useFolding(
  graph: IGraph,
  look: Pick<ILook, 'fold' | 'apart'>,
  turn: (change: Partial<ILook>) => void
): IFolding {
  const { trans } = useHere();
  const apart = React.useMemo(() => new Set(look.apart), [look.apart]);
  const on = look.fold ?? graph.runs.size > MANY;
  const all = React.useMemo(() => folded(graph, NONE, trans), [graph, trans]);
  const drawn = React.useMemo(
    () => (on ? (apart.size === 0 ? all : folded(graph, apart, trans)) : null),
    [graph, on, apart, all, trans]
  );
  return {
    shown: drawn?.graph ?? graph,
    home: drawn?.home ?? new Map<number, number>(),
    on,
    possible: all.graph.runs.size < graph.runs.size,
    turn: () => {
      turn({ fold: !on, apart: [] });
    },
    unfold: run => {
      const known = graph.runs.get(run);
      if (known !== undefined) {
        turn({ apart: [...new Set([...look.apart, foldKey(graph, known)])] });
      }
    }
  };
}
