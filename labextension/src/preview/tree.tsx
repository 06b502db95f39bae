/** The run tree: sample, branches, runs; each run with what happens to it and why. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMark } from '../api/marks';
import type { PlannedRun } from '../api/plans';
import type { PlanTreeNode, PlanTreeRun } from '../api/preview';
import { explained } from '../explain/explanation';
import { MarkLabel, markOf } from '../marks/mark';
import { SAMPLE } from '../pipeline/document';
import type { Again, Asked, Point } from './request';
import { partAt, pointText } from './request';

/** Of one node so many rows are drawn at first: a grid may have thousands of branches. */
const ROWS = 100;

export interface ITreeActions {
  /** What is asked for again now. */
  asked: Asked;
  /** Ask for part of the tree or for a planned run again, or no longer. */
  again: (what: Again, again: boolean) => void;
  /** Leave part of the tree out. */
  skip: (point: Point) => void;
  /** A planned run by its key, for its values; null, the plan as it is stored does not have it. */
  runOf: (key: string, step: string, sample: string | null) => Promise<PlannedRun | null>;
  /** Show a run; absent where nothing can. */
  openRun?: (runId: number) => void;
}

interface IProps {
  nodes: readonly PlanTreeNode[];
  marks: readonly IMark[];
  actions: ITreeActions;
  trans: TranslationBundle;
}

export function RunTree({ nodes, marks, actions, trans }: IProps): React.JSX.Element {
  return (
    <ul className="pm-Tree" aria-label={trans.__('Runs by sample and branch')}>
      {nodes.map((node, place) => (
        <TreeNode
          key={`${node.kind} ${node.label}`}
          node={node}
          point={node.kind === 'sample' ? { [SAMPLE]: node.label } : {}}
          sample={node.kind === 'sample' ? node.label : null}
          open={place === 0}
          marks={marks}
          actions={actions}
          trans={trans}
        />
      ))}
    </ul>
  );
}

interface INodeProps extends Omit<IProps, 'nodes'> {
  node: PlanTreeNode;
  /** Where in the tree it is. */
  point: Point;
  sample: string | null;
  open: boolean;
}

function TreeNode(props: INodeProps): React.JSX.Element {
  const { node, point, sample, marks, actions, trans } = props;
  const [open, setOpen] = React.useState(props.open);
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
  return (
    <li>
      <div className="pm-Tree-row">
        <button
          type="button"
          className="pm-Tree-fold"
          aria-expanded={open}
          onClick={() => {
            setOpen(!open);
          }}
        >
          <span className="pm-Caret" aria-hidden="true" />
          <span className="pm-Tree-label">{label}</span>
        </button>
        <span className="pm-Tree-count">{tallyText(numbers, trans)}</span>
        {(numbers.reuse > 0 || asked) && (
          <RunAgain
            label={trans.__('Run again: %1', placeText(point, label))}
            asked={asked}
            onChange={again => {
              actions.again(what, again);
            }}
            trans={trans}
          />
        )}
        {Object.keys(point).length > 0 && (
          <button
            type="button"
            className="pm-TextButton"
            aria-label={trans.__('Skip %1', label)}
            onClick={() => {
              actions.skip(point);
            }}
          >
            {trans.__('Skip')}
          </button>
        )}
      </div>
      {open && (
        <>
          <Differences node={node} />
          <ul>
            {node.runs.slice(0, rows).map(run => (
              <TreeRun
                key={run.key}
                run={run}
                place={placeText(point, label)}
                sample={sample}
                marks={marks}
                actions={actions}
                trans={trans}
              />
            ))}
            {node.children.slice(0, Math.max(0, rows - node.runs.length)).map(child => (
              <TreeNode
                key={`${child.axis ?? ''} ${child.label}`}
                node={child}
                point={child.axis === null ? point : { ...point, [child.axis]: child.label }}
                sample={sample}
                open={props.open}
                marks={marks}
                actions={actions}
                trans={trans}
              />
            ))}
            {all > rows && (
              <li>
                <button
                  type="button"
                  className="pm-TextButton"
                  onClick={() => {
                    setRows(rows + ROWS);
                  }}
                >
                  {trans.__('Show %1 more of %2', Math.min(ROWS, all - rows), all)}
                </button>
              </li>
            )}
          </ul>
        </>
      )}
    </li>
  );
}

interface IAgainProps {
  /** Says which row it is to somebody who does not see the row. */
  label: string;
  asked: boolean;
  onChange: (again: boolean) => void;
  trans: TranslationBundle;
}

/** Ticked: run although equal runs exist; not ticked: they are reused. */
function RunAgain({ label, asked, onChange, trans }: IAgainProps): React.JSX.Element {
  return (
    <label className="pm-Tree-again">
      <input
        type="checkbox"
        aria-label={label}
        checked={asked}
        onChange={event => {
          onChange(event.target.checked);
        }}
      />
      {trans.__('Run again')}
    </label>
  );
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

interface IRunProps extends Omit<IProps, 'nodes'> {
  run: PlanTreeRun;
  /** The row that it stands under. */
  place: string;
  sample: string | null;
}

function TreeRun({ run, place, sample, marks, actions, trans }: IRunProps): React.JSX.Element {
  const [open, setOpen] = React.useState(false);
  const asked = actions.asked.has([run.key]);
  return (
    <li className="pm-Tree-run">
      <div className="pm-Tree-row">
        <button
          type="button"
          className="pm-Tree-fold"
          aria-expanded={open}
          aria-label={trans.__('Parameters of %1', run.step)}
          onClick={() => {
            setOpen(!open);
          }}
        >
          <span className="pm-Caret" aria-hidden="true" />
          <span className="pm-Tree-label">{run.step}</span>
        </button>
        <MarkLabel mark={markOfRun(run, marks, trans)} />
        {(run.action === 'reuse' || asked) && (
          <RunAgain
            label={trans.__('Run again: %1, %2', run.step, place)}
            asked={asked}
            onChange={again => {
              actions.again([run.key], again);
            }}
            trans={trans}
          />
        )}
        {run.run_id !== null && actions.openRun !== undefined && (
          <button
            type="button"
            className="pm-TextButton"
            onClick={() => {
              if (run.run_id !== null) {
                actions.openRun?.(run.run_id);
              }
            }}
          >
            {trans.__('Open run %1', run.run_id)}
          </button>
        )}
      </div>
      {run.reason !== '' && <p className="pm-Tree-reason">{run.reason}</p>}
      {open && <RunValues run={run} sample={sample} actions={actions} trans={trans} />}
    </li>
  );
}

interface IValuesProps {
  run: PlanTreeRun;
  sample: string | null;
  actions: ITreeActions;
  trans: TranslationBundle;
}

/** What the plan sets for one run. */
function RunValues({ run, sample, actions, trans }: IValuesProps): React.JSX.Element {
  // Undefined, it is not read yet.
  const [found, setFound] = React.useState<PlannedRun | null>();
  const [error, setError] = React.useState<string | null>(null);
  const { runOf } = actions;
  React.useEffect(() => {
    let gone = false;
    runOf(run.key, run.step, sample).then(
      planned => {
        if (!gone) {
          setFound(planned);
        }
      },
      (reason: unknown) => {
        if (!gone) {
          setError(explained(reason, trans).title);
        }
      }
    );
    return () => {
      gone = true;
    };
  }, [run.key, run.step, sample, runOf, trans]);
  if (error !== null) {
    return <p className="pm-Fault">{error}</p>;
  }
  if (found === undefined) {
    return <p className="pm-Hint">{trans.__('Reading…')}</p>;
  }
  if (found === null) {
    return (
      <p className="pm-Hint">
        {trans.__(
          'The draft as it is stored does not have this run: it came about since. Preview the drawing again to store it.'
        )}
      </p>
    );
  }
  const values = Object.entries(found.set_params);
  return (
    <dl className="pm-Values">
      <dt>{trans.__('method')}</dt>
      <dd>{`${found.method} v${found.version}`}</dd>
      {values.map(([name, text]) => (
        <React.Fragment key={name}>
          <dt>{name}</dt>
          <dd>
            <code>{text}</code>
          </dd>
        </React.Fragment>
      ))}
      {values.length === 0 && (
        <>
          <dt>{trans.__('parameters')}</dt>
          <dd>{trans.__('nothing is set: what the code and its defaults say')}</dd>
        </>
      )}
    </dl>
  );
}

function markOfRun(run: PlanTreeRun, marks: readonly IMark[], trans: TranslationBundle): IMark {
  const state = { run: 'waiting', reuse: 'reused', blocked: 'blocked' }[run.action];
  const said = {
    run: trans.__('new'),
    reuse: run.run_id === null ? trans.__('reused') : trans.__('reused from run %1', run.run_id),
    blocked: trans.__('cannot run')
  }[run.action];
  return { ...markOf([...marks], state), said };
}

/** Where a row is, in words that tell it from rows of other samples. */
function placeText(point: Point, label: string): string {
  return Object.keys(point).length === 0 ? label : pointText(point);
}

/** The keys of all planned runs of a node and below. */
function keysBelow(node: PlanTreeNode): readonly string[] {
  return [...node.runs.map(run => run.key), ...node.children.flatMap(keysBelow)];
}

interface ITally {
  run: number;
  reuse: number;
  blocked: number;
}

/** How many runs stand below a node. */
export function tally(node: PlanTreeNode): ITally {
  const numbers = { run: 0, reuse: 0, blocked: 0 };
  for (const run of node.runs) {
    numbers[run.action]++;
  }
  for (const below of node.children.map(tally)) {
    numbers.run += below.run;
    numbers.reuse += below.reuse;
    numbers.blocked += below.blocked;
  }
  return numbers;
}

function tallyText(numbers: ITally, trans: TranslationBundle): string {
  return [
    numbers.run > 0 ? trans.__('%1 new', numbers.run) : '',
    numbers.reuse > 0 ? trans.__('%1 reused', numbers.reuse) : '',
    numbers.blocked > 0 ? trans.__('%1 cannot run', numbers.blocked) : ''
  ]
    .filter(part => part !== '')
    .join(', ');
}
