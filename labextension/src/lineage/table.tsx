/**
 * A lineage as a table: the same for those who read or listen rather than look. Of a long one only
 * what is visible is drawn.
 */

import React from 'react';

import { MarkLabel, markOf } from '../marks/mark';
import { useHere } from '../screen/here';
import { RunLink } from '../screen/parts';
import { Rows } from '../screen/rows';
import type { IGraph, LineageRun } from './graph';
import { changedOf } from './graph';

/** Pixels of a row, as in the style sheet. */
const HEIGHT = 28;

interface IProps {
  graph: IGraph;
  /** Only these; null, all. */
  only: readonly number[] | null;
  selected: readonly number[];
  onSelect: (runs: number[]) => void;
  /** Bring this run into view; another object, another time. */
  goTo: { readonly run: number } | null;
  /** The row to begin at. */
  top: number;
  onTop: (row: number) => void;
}

export function LineageTable(props: IProps): React.JSX.Element {
  const { graph, only, selected, onSelect, goTo } = props;
  const { trans } = useHere();
  const order = React.useMemo(() => ordered(graph, only), [graph, only]);
  const chosen = React.useMemo(() => new Set(selected), [selected]);
  // Gone to once, when it is asked for: neither rows that come later lead back, nor coming from the
  // graph.
  const [place, setPlace] = React.useState<{ index: number } | null>(null);
  const [obeyed, setObeyed] = React.useState(goTo);
  if (obeyed !== goTo) {
    setObeyed(goTo);
    const index = order.findIndex(run => run.run_id === goTo?.run);
    setPlace(index < 0 ? null : { index });
  }
  const columns = [
    trans.__('Chosen'),
    trans.__('Run'),
    trans.__('State'),
    trans.__('Sample'),
    trans.__('Branch'),
    trans.__('Set, or changed from the default'),
    trans.__('Read')
  ];
  return (
    <Rows
      className="pm-Grid pm-mod-lineage"
      role="table"
      label={trans.__('Runs of this lineage, sources first')}
      count={order.length}
      height={HEIGHT}
      goTo={place}
      top={props.top}
      onTop={props.onTop}
      head={
        <div role="rowgroup" className="pm-Grid-head">
          <div role="row" className="pm-Grid-row" aria-rowindex={1}>
            {columns.map((column, place) => (
              <span key={column} role="columnheader" title={column}>
                {place === 0 ? <span className="pm-offscreen">{column}</span> : column}
              </span>
            ))}
          </div>
        </div>
      }
      row={index => {
        const run = order[index];
        return (
          run !== undefined && (
            <Row
              key={run.run_id}
              graph={graph}
              run={run}
              index={index}
              chosen={chosen.has(run.run_id)}
              onChosen={wanted => {
                const others = selected.filter(each => each !== run.run_id);
                onSelect(wanted ? [...others, run.run_id] : others);
              }}
            />
          )
        );
      }}
    />
  );
}

/** Sources before their readers. */
function ordered(graph: IGraph, only: readonly number[] | null): readonly LineageRun[] {
  const wanted = only === null ? null : new Set(only);
  const depth = ({ run_id }: LineageRun): number => graph.depth.get(run_id) ?? 0;
  return [...graph.runs.values()]
    .filter(run => wanted?.has(run.run_id) !== false)
    .sort((a, b) => depth(a) - depth(b) || a.run_id - b.run_id);
}

interface IRowProps {
  graph: IGraph;
  run: LineageRun;
  index: number;
  chosen: boolean;
  onChosen: (chosen: boolean) => void;
}

function Row({ graph, run, index, chosen, onChosen }: IRowProps): React.JSX.Element {
  const { marks, trans } = useHere();
  const changed = changedOf(run).join(', ');
  const read = (graph.sources.get(run.run_id) ?? []).join(', ');
  return (
    <div
      role="row"
      className="pm-Grid-row"
      aria-rowindex={index + 2}
      aria-current={run.run_id === graph.asked ? 'true' : undefined}
      data-pm-chosen={chosen}
    >
      <span role="cell">
        <input
          type="checkbox"
          aria-label={trans.__('Choose run %1', run.run_id)}
          checked={chosen}
          onChange={event => {
            onChosen(event.target.checked);
          }}
        />
      </span>
      <span role="rowheader">
        <RunLink run={run.run_id} method={`${run.method} v${run.version}`} />
      </span>
      <span role="cell">
        <MarkLabel mark={markOf(marks.run, run.state)} />
      </span>
      <span role="cell" title={run.sample ?? ''}>
        {run.sample}
      </span>
      <span role="cell" title={run.branch}>
        {run.branch}
      </span>
      <span role="cell" className="pm-Code" title={changed}>
        {changed}
      </span>
      <span role="cell" title={read}>
        {read}
      </span>
    </div>
  );
}
