/** A lineage as a table: the same for those who read or listen rather than look. */

import React from 'react';

import { MarkLabel, markOf } from '../marks/mark';
import { useHere } from '../screen/here';
import { RunLink } from '../screen/parts';
import type { IGraph } from './graph';
import { changedOf } from './graph';

interface IProps {
  graph: IGraph;
  /** Only these; null, all. */
  only: readonly number[] | null;
  selected: readonly number[];
  onSelect: (runs: number[]) => void;
}

export function LineageTable({ graph, only, selected, onSelect }: IProps): React.JSX.Element {
  const { marks, trans } = useHere();
  const wanted = only === null ? null : new Set(only);
  const chosen = new Set(selected);
  const order = [...graph.runs.values()]
    .filter(run => wanted?.has(run.run_id) !== false)
    .sort(
      (a, b) =>
        (graph.depth.get(a.run_id) ?? 0) - (graph.depth.get(b.run_id) ?? 0) || a.run_id - b.run_id
    );
  return (
    <div className="pm-Lineage-table">
      <table className="pm-Table">
        <caption className="pm-offscreen">
          {trans.__('Runs of this lineage, sources first')}
        </caption>
        <thead>
          <tr>
            <th scope="col">{trans.__('Chosen')}</th>
            <th scope="col">{trans.__('Run')}</th>
            <th scope="col">{trans.__('State')}</th>
            <th scope="col">{trans.__('Sample')}</th>
            <th scope="col">{trans.__('Branch')}</th>
            <th scope="col">{trans.__('Changed from the default')}</th>
            <th scope="col">{trans.__('Read')}</th>
          </tr>
        </thead>
        <tbody>
          {order.map(run => (
            <tr key={run.run_id} aria-current={run.run_id === graph.asked ? 'true' : undefined}>
              <td>
                <input
                  type="checkbox"
                  aria-label={trans.__('Choose run %1', run.run_id)}
                  checked={chosen.has(run.run_id)}
                  onChange={event => {
                    const others = selected.filter(each => each !== run.run_id);
                    onSelect(event.target.checked ? [...others, run.run_id] : others);
                  }}
                />
              </td>
              <th scope="row">
                <RunLink run={run.run_id} method={`${run.method} v${run.version}`} />
              </th>
              <td>
                <MarkLabel mark={markOf(marks.run, run.state)} />
              </td>
              <td>{run.sample}</td>
              <td>{run.branch}</td>
              <td className="pm-Code">{changedOf(run).join(', ')}</td>
              <td>{(graph.sources.get(run.run_id) ?? []).join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
