/** Which alike runs of a lineage are drawn together, as somebody wants it. */

import React from 'react';

import { useHere } from '../screen/here';
import { folded, foldKey, MANY } from './fold';
import type { IGraph } from './graph';

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

/**
 * Alike runs together, until somebody wants them apart.
 *
 * @param wanted - whether somebody does; null, nobody has said
 */
export function useFolding(
  graph: IGraph,
  wanted: boolean | null,
  onWanted: (wanted: boolean) => void
): IFolding {
  const { trans } = useHere();
  const [apart, setApart] = React.useState(NONE);
  const on = wanted ?? graph.runs.size > MANY;
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
      onWanted(!on);
      setApart(NONE);
    },
    unfold: run => {
      const known = graph.runs.get(run);
      if (known !== undefined) {
        setApart(before => new Set([...before, foldKey(graph, known)]));
      }
    }
  };
}
