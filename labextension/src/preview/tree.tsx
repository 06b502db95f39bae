/** The run tree: sample, branches, runs; each run with what happens to it and why. Walked by keys. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMark } from '../api/marks';
import type { PlanTreeNode } from '../api/preview';
import { SAMPLE } from '../pipeline/document';
import type { ITreeLine } from '../screen/tree_keys';
import { treeMove, TypeAhead } from '../screen/tree_keys';
import { keyOf, TreeNode } from './tree_node';
import type { ITreeActions } from './tree_row';

interface IProps {
  nodes: readonly PlanTreeNode[];
  marks: readonly IMark[];
  actions: ITreeActions;
  trans: TranslationBundle;
}

export function RunTree({ nodes, marks, actions, trans }: IProps): React.JSX.Element {
  const tree = React.useRef<HTMLUListElement>(null);
  const [ahead] = React.useState(() => new TypeAhead());
  const [active, turnTo] = React.useState('');
  // Where the focus was, should its row go: what is skipped is not shown any more.
  const focused = React.useRef<number | null>(null);
  // Before anybody else looks where the focus went.
  React.useLayoutEffect(() => {
    const rows = rowsOf(tree.current);
    const at = rows.findIndex(each => each.dataset['pmRow'] === active);
    if (at < 0 && rows.length > 0) {
      const next = rows[Math.min(focused.current ?? 0, rows.length - 1)];
      turnTo(next?.dataset['pmRow'] ?? '');
      if (focused.current !== null && document.activeElement === document.body) {
        next?.focus();
      }
    }
  }, [nodes, active]);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const rows = rowsOf(tree.current);
    const target = event.target as HTMLElement;
    const row = target.closest<HTMLElement>('[role=treeitem]');
    const at = row === null ? -1 : rows.indexOf(row);
    if (row === null || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const lines = rows.map(lineOf);
    const move = treeMove(event.key, lines, at);
    // In a row the letters and the space bar belong to what is in it.
    const isOnRow = target === row;
    const typed = isOnRow ? ahead.find(event, lines, at) : null;
    if (typed !== null) {
      rows[typed]?.focus();
    } else if (move !== null && 'to' in move) {
      rows[move.to]?.focus();
    } else if (move !== null || (isOnRow && event.key === 'Enter')) {
      row.querySelector<HTMLElement>('.pm-Tree-fold')?.click();
      row.focus();
    } else if (isOnRow && event.key === ' ') {
      row.querySelector<HTMLElement>(':scope > .pm-Tree-row input')?.click();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <ul
      ref={tree}
      className="pm-Tree"
      role="tree"
      aria-label={trans.__('Runs by sample and branch')}
      onKeyDown={onKeyDown}
      onFocusCapture={event => {
        const row = event.target.closest<HTMLElement>('[role=treeitem]');
        focused.current = row === null ? null : rowsOf(tree.current).indexOf(row);
      }}
      onBlur={event => {
        // A row that goes loses the focus to nothing.
        if (event.relatedTarget !== null) {
          focused.current = null;
        }
      }}
    >
      {nodes.map((node, place) => (
        <TreeNode
          key={keyOf(node)}
          id={JSON.stringify([keyOf(node)])}
          level={1}
          node={node}
          point={node.kind === 'sample' ? { [SAMPLE]: node.label } : {}}
          sample={node.kind === 'sample' ? node.label : null}
          isOpen={place === 0}
          {...{ marks, actions, active, turnTo, trans }}
        />
      ))}
    </ul>
  );
}

/** The rows that are shown, from top to bottom. */
function rowsOf(tree: HTMLElement | null): HTMLElement[] {
  return [...(tree?.querySelectorAll<HTMLElement>('[role=treeitem]') ?? [])];
}

function lineOf(row: HTMLElement): ITreeLine {
  return {
    level: Number(row.getAttribute('aria-level')),
    open: row.getAttribute('aria-expanded') === 'true',
    text: row.getAttribute('aria-label') ?? ''
  };
}
