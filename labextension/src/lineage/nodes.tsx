/** The parts of a drawn lineage: its links, its nodes, and its nodes where they are small. */

import React from 'react';

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IMark } from '../api/marks';
import { markForm, markOf } from '../marks/mark';
import { useHere } from '../screen/here';
import { second } from './export';
import type { IGraph, LineageRun } from './graph';
import { changedOf, changedShort, clipped, filesShort } from './graph';
import type { ILayout } from './layout';
import { link, NODE } from './layout';
import type { IWords } from './moves';

interface ILinksProps {
  graph: IGraph;
  plan: ILayout;
  lit: ReadonlySet<number>;
}

export const Links = React.memo(function Links({
  graph,
  plan,
  lit
}: ILinksProps): React.JSX.Element {
  let bright = '';
  let dim = '';
  const drawn = new Set<string>();
  for (const edge of graph.edges) {
    const key = `${edge.source_run_id}-${edge.run_id}`;
    const from = plan.places.get(edge.source_run_id);
    const to = plan.places.get(edge.run_id);
    if (from === undefined || to === undefined || drawn.has(key)) {
      continue;
    }
    drawn.add(key);
    if (lit.has(edge.source_run_id) && lit.has(edge.run_id)) {
      bright += link(from, to);
    } else {
      dim += link(from, to);
    }
  }
  return (
    <>
      <path className="pm-Lineage-link pm-mod-dim" d={dim} />
      <path className="pm-Lineage-link" d={bright} />
    </>
  );
});

interface IDotsProps extends ILinksProps {
  marks: IMark[];
  selected: readonly number[];
}

/** Nodes that are too small to read: one shape each, in the colour of the state. */
export const Dots = React.memo(function Dots(props: IDotsProps): React.JSX.Element {
  const { graph, plan, lit, marks, selected } = props;
  return (
    <>
      {[...plan.places].map(([run, { x, y }]) => (
        <rect
          key={run}
          className="pm-Lineage-dot"
          data-pm-run={run}
          data-pm-token={markOf(marks, graph.runs.get(run)?.state ?? '').token}
          data-pm-dim={!lit.has(run)}
          data-pm-selected={run === graph.asked || selected.includes(run)}
          x={x}
          y={y}
          width={NODE.width}
          height={NODE.height}
        />
      ))}
    </>
  );
});

interface INodeProps {
  run: LineageRun;
  x: number;
  y: number;
  marks: IMark[];
  words: IWords;
  asked: boolean;
  dimmed: boolean;
  selected: boolean;
}

export const Node = React.memo(function Node(props: INodeProps): React.JSX.Element {
  const { run, x, y, marks, words, asked, dimmed, selected } = props;
  const { trans } = useHere();
  const mark = markOf(marks, run.state);
  const lines = linesOf(run, marks, words, trans);
  const top = (NODE.height - lines.length * words.step) / 2 + words.step * 0.74;
  return (
    <g
      className="pm-Lineage-node"
      data-pm-run={run.run_id}
      data-pm-token={mark.token}
      data-pm-dim={dimmed}
      data-pm-asked={asked}
      transform={`translate(${x} ${y})`}
    >
      <title>
        {[
          `${run.method} v${run.version}`,
          second(run, marks, trans),
          mark.said,
          ...changedOf(run),
          filesShort(run, trans)
        ]
          .filter(line => line !== '')
          .join('\n')}
      </title>
      {selected && (
        <rect
          className="pm-Lineage-ring"
          x={-4}
          y={-4}
          width={NODE.width + 8}
          height={NODE.height + 8}
          rx={9}
        />
      )}
      {run.together !== undefined && (
        <rect
          className="pm-Lineage-box"
          x={6}
          y={6}
          width={NODE.width}
          height={NODE.height}
          rx={6}
        />
      )}
      <rect className="pm-Lineage-box" width={NODE.width} height={NODE.height} rx={6} />
      <rect className="pm-Lineage-band" width={5} height={NODE.height} rx={2} />
      <g
        transform={`translate(${NODE.width - 8 - 16 * words.mark} ${6 * words.mark}) scale(${words.mark})`}
      >
        {markForm(mark.glyph)}
      </g>
      {lines.map(({ kind, text }, place) => (
        <text
          key={kind}
          className={`pm-Lineage-${kind}`}
          x={12}
          y={top + place * words.step}
          style={{ fontSize: words.size }}
        >
          {text}
        </text>
      ))}
    </g>
  );
});

interface ILine {
  readonly kind: 'title' | 'second' | 'changed' | 'files';
  readonly text: string;
}

/** What a node says, what matters most first, as far as there is room. */
function linesOf(
  run: LineageRun,
  marks: IMark[],
  { lines, letters }: IWords,
  trans: TranslationBundle
): ILine[] {
  const title = `${run.method} v${run.version}`;
  const room = letters - 3; // beside its mark
  const told = second(run, marks, trans);
  const which = [run.sample ?? '', run.branch].filter(word => word !== '').join(' · ');
  const all: ILine[] = [
    { kind: 'title', text: title.length <= room ? title : clipped(run.method, room) },
    {
      kind: 'second',
      text:
        told.length <= letters || which === '' || run.state !== 'completed'
          ? clipped(told, letters)
          : clipped(which, letters)
    },
    // Letters of code are wider.
    { kind: 'changed', text: changedShort(run, Math.floor(letters * 0.9)) },
    { kind: 'files', text: filesShort(run, trans, letters) }
  ];
  return all.filter(({ text }) => text !== '').slice(0, lines);
}
