/** A sample, a branch or what all samples share in the run tree, with the runs below it. */

import React from 'react';

import type { PlanTreeNode } from '../api/preview';
import type { Point } from './request';
import { partAt, pointText } from './request';
import { tally, tallyText } from './tally';
import type { ITreeProps } from './tree_row';
import { RunAgain, TreeRow } from './tree_row';
import { TreeRun } from './tree_run';

/** Of one node so many rows are drawn at first: a grid may have thousands of branches. */
const ROWS = 100;

interface INodeProps extends ITreeProps {
  id: string;
  level: number;
  node: PlanTreeNode;
  /** Where in the tree it is. */
  point: Point;
  sample: string | null;
  /** Whether it is unfolded at first. */
  isOpen: boolean;
}

export function TreeNode(props: INodeProps): React.JSX.Element {
  const { id, level, node, point, actions, trans } = props;
  const [open, setOpen] = React.useState(props.isOpen);
  const label =
    node.kind === 'branch'
      ? `${node.axis ?? ''}: ${node.label}`
      : node.kind === 'all'
        ? trans.__('All samples together')
        : node.label;
  const [rows, setRows] = React.useState(ROWS);
  const numbers = tally(node);
  const all = node.runs.length + node.children.length;
  // What no sample tells apart has no name that would not also mean runs of samples.
  const what = partAt(point) ?? keysBelow(node);
  const asked = actions.asked.has(what);
  const place = placeText(point, label);
  const counts = tallyText(numbers, trans);
  return (
    <TreeRow
      {...props}
      open={open}
      setOpen={setOpen}
      label={label}
      said={counts}
      inside={() => (
        <>
          <Differences node={node} />
          <ul role="group">
            {node.runs.slice(0, rows).map(run => (
              <TreeRun
                {...props}
                key={run.key}
                id={JSON.stringify([id, run.key])}
                level={level + 1}
                run={run}
                place={place}
              />
            ))}
            {node.children.slice(0, Math.max(0, rows - node.runs.length)).map(child => (
              <TreeNode
                {...props}
                key={keyOf(child)}
                id={JSON.stringify([id, keyOf(child)])}
                level={level + 1}
                node={child}
                point={child.axis === null ? point : { ...point, [child.axis]: child.label }}
              />
            ))}
          </ul>
          {all > rows && (
            <button
              type="button"
              className="pm-TextButton pm-Tree-more"
              onClick={() => {
                setRows(rows + ROWS);
              }}
            >
              {trans.__('Show %1 more of %2', Math.min(ROWS, all - rows), all)}
            </button>
          )}
        </>
      )}
    >
      {tabIndex => (
        <>
          <span className="pm-Tree-count">{counts}</span>
          {(numbers.reuse > 0 || asked) && (
            <RunAgain
              label={trans.__('Run again: %1', place)}
              asked={asked}
              onChange={again => {
                actions.again(what, again);
              }}
              tabIndex={tabIndex}
              trans={trans}
            />
          )}
          {Object.keys(point).length > 0 && (
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Skip %1', label)}
              tabIndex={tabIndex}
              onClick={() => {
                actions.skip(point);
              }}
            >
              {trans.__('Skip')}
            </button>
          )}
        </>
      )}
    </TreeRow>
  );
}

/** Tells a node from its siblings. */
export function keyOf({ kind, axis, label }: PlanTreeNode): string {
  return `${kind} ${axis ?? ''} ${label}`;
}

/** The values by which a branch differs from its siblings, where its name does not say them. */
function Differences({ node }: { node: PlanTreeNode }): React.JSX.Element | null {
  const values = Object.entries(node.params).flatMap(([step, params]) =>
    Object.entries(params)
      .filter(([name, text]) => !node.label.includes(`${name.split('.').at(-1) ?? name}=${text}`))
      .map(([name, text]) => ({ step, name, text }))
  );
  return values.length === 0 ? null : (
    <p className="pm-Tree-params">
      {values.map(({ step, name, text }) => (
        <span key={`${step} ${name}`}>
          {name} = <code>{text}</code>
        </span>
      ))}
    </p>
  );
}

/** Where a row is, in words that tell it from rows of other samples. */
function placeText(point: Point, label: string): string {
  return Object.keys(point).length === 0 ? label : pointText(point);
}

/** The keys of all planned runs of a node and below. */
function keysBelow(node: PlanTreeNode): readonly string[] {
  return [...node.runs.map(run => run.key), ...node.children.flatMap(keysBelow)];
}
