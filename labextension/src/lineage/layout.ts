/** Where each run of a lineage is drawn: in columns, left to right, with few crossings. */

import type { IGraph } from './graph';

export const NODE = { width: 216, height: 80, gapX: 48, gapY: 18 };

export interface IPlace {
  x: number;
  y: number;
}

export interface ILayout {
  readonly places: ReadonlyMap<number, IPlace>;
  readonly width: number;
  readonly height: number;
}

/** Turns of ordering the columns by their neighbours. */
const TURNS = 4;
/** Columns of up to so many runs stay one column. */
const TALL = 14;

/**
 * Place the runs. A column with very many runs becomes several, side by side, so that a thousand
 * sources of one result are a block and no thread.
 */
export function layout(graph: IGraph): ILayout {
  const columns = ordered(graph);
  const most = Math.max(TALL, Math.ceil(Math.sqrt(graph.runs.size) * 1.3));
  const places = new Map<number, IPlace>();
  let x = 0;
  let top = 0;
  let bottom = 0;
  for (const column of columns) {
    const rows = Math.ceil(column.length / Math.ceil(column.length / most));
    const height = NODE.height + NODE.gapY;
    column.forEach((run, index) => {
      const row = index % rows;
      const y = (row - (Math.min(rows, column.length) - 1) / 2) * height;
      places.set(run, { x: x + Math.floor(index / rows) * (NODE.width + 24), y });
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + NODE.height);
    });
    const blocks = Math.ceil(column.length / rows);
    x += blocks * (NODE.width + 24) - 24 + NODE.gapX;
  }
  for (const place of places.values()) {
    place.y -= top;
  }
  return { places, width: Math.max(0, x - NODE.gapX), height: bottom - top };
}

/** The runs by column, each column in an order with few crossings. */
function ordered(graph: IGraph): number[][] {
  const depths = [...graph.depth.values()];
  const least = Math.min(0, ...depthsRange(depths));
  const columns: number[][] = [];
  for (const [run, depth] of graph.depth) {
    (columns[depth - least] ??= []).push(run);
  }
  const filled = columns.filter(column => (column as number[] | undefined) !== undefined);
  const at = new Map<number, number>();
  const note = (column: number[]): void => {
    column.forEach((run, index) => at.set(run, (index + 0.5) / column.length));
  };
  filled.forEach(column => {
    column.sort((a, b) => a - b);
    note(column);
  });
  for (let turn = 0; turn < TURNS; turn++) {
    const forward = turn % 2 === 0;
    const neighbours = forward ? graph.sources : graph.readers;
    for (const column of forward ? filled : [...filled].reverse()) {
      const wanted = new Map(column.map(run => [run, mean(neighbours.get(run), at)]));
      column.sort((a, b) => place(a, wanted, at) - place(b, wanted, at) || a - b);
      note(column);
    }
  }
  return filled;
}

/** Least and greatest, without spreading a long list into arguments. */
function depthsRange(depths: readonly number[]): [number, number] {
  return depths.reduce<[number, number]>(
    ([least, most], depth) => [Math.min(least, depth), Math.max(most, depth)],
    [0, 0]
  );
}

function mean(runs: readonly number[] | undefined, at: ReadonlyMap<number, number>): number | null {
  if (runs === undefined || runs.length === 0) {
    return null;
  }
  return runs.reduce((sum, run) => sum + (at.get(run) ?? 0.5), 0) / runs.length;
}

function place(
  run: number,
  wanted: ReadonlyMap<number, number | null>,
  at: ReadonlyMap<number, number>
): number {
  return wanted.get(run) ?? at.get(run) ?? 0.5;
}

/** The line from the right edge of a source to the left edge of its reader. */
export function link(from: IPlace, to: IPlace): string {
  const x1 = from.x + NODE.width;
  const y1 = from.y + NODE.height / 2;
  const y2 = to.y + NODE.height / 2;
  const across = to.x - x1;
  if (across > NODE.width + NODE.gapX) {
    // Past whole columns: between two rows, not behind the nodes of this one.
    const lane =
      Math.max(from.y, to.y) === from.y
        ? from.y - NODE.gapY / 2
        : from.y + NODE.height + NODE.gapY / 2;
    const turn = NODE.gapX - 4;
    return (
      `M${x1} ${y1}C${x1 + turn / 2} ${y1} ${x1 + turn / 2} ${lane} ${x1 + turn} ${lane}` +
      `L${to.x - turn} ${lane}C${to.x - turn / 2} ${lane} ${to.x - turn / 2} ${y2} ${to.x} ${y2}`
    );
  }
  const bend = Math.min(160, Math.max(30, across / 2));
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${to.x - bend} ${y2} ${to.x} ${y2}`;
}
