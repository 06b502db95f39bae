/** The graph itself: modules in columns, lines between them, walked by the arrow keys. */

import React from 'react';

import type { Everything, RunEdge } from '../api/everything';
import { edgesAmong } from '../api/everything';
import { useAsked } from '../screen/asked';
import type { GraphMove } from '../screen/graph_keys';
import { useHere } from '../screen/here';
import { Action } from '../screen/parts';
import { ModuleCard } from './cards';
import { Frame } from './frame';
import { LANE, Links, MOST_LANES } from './links';
import type { ILooking } from './look';
import { foldsOf } from './look';
import type { ILink } from './shape';
import { chainOf, columnsOf, linksOf, moduleKey, runLinksOf, totalOf } from './shape';

/** Links are asked for among so many runs at once. */
const MOST_RUNS = 5000;

interface IProps {
  everything: Everything;
  looking: ILooking;
  chosen: ReadonlySet<number>;
  onChoose: (run: number) => void;
}

export function Sheet({ everything, looking, chosen, onChoose }: IProps): React.JSX.Element {
  const { filter, look, turn, moved } = looking;
  const { trans } = useHere();
  const { methods, edges } = everything;
  const columns = React.useMemo(() => columnsOf(everything), [everything]);
  // As many as there were at first: one more under somebody's eyes folds nothing away.
  const [begun] = React.useState(methods.length);
  const { many, isOpen } = React.useMemo(
    () => foldsOf({ turned: look.turned, many: look.many }, begun),
    [look.turned, look.many, begun]
  );
  const toggle = React.useCallback(
    (key: string): void => {
      const others = look.turned.filter(each => each !== key);
      turn({ turned: others.length === look.turned.length ? [...others, key] : others, many });
    },
    [look.turned, many, turn]
  );
  const { listed, onListed } = useListed();
  const runEdges = useRunEdges(listed);
  const links = React.useMemo(
    () => linksOf(everything, columns, module => isOpen(moduleKey(module))),
    [everything, columns, isOpen]
  );
  const runLinks = React.useMemo(
    () => runLinksOf(runEdges, listed, links),
    [runEdges, listed, links]
  );
  const lanes = links.filter(({ lane }) => lane !== null).length;
  const [current, setCurrent] = React.useState('');
  const lit = React.useMemo(
    () => chainOf(current.startsWith('run/') ? runLinks : links, current),
    [current, links, runLinks]
  );
  const names = columns.flat().map(({ module }) => moduleKey(module));
  const total = methods.reduce((sum, { runs }) => sum + totalOf(runs), 0);
  return (
    <>
      <p className="pm-Bar pm-Everything-total">
        <span>
          {trans.__(
            '%1 of %2 in %3',
            trans._n('%1 run', '%1 runs', total),
            trans._n('%1 method', '%1 methods', methods.length),
            trans._n('%1 module', '%1 modules', names.length)
          )}
        </span>
        <Action
          label={trans.__('Unfold modules')}
          disabled={names.every(isOpen)}
          onClick={() => {
            turn({ turned: look.turned.filter(isMethod).concat(many ? names : []), many });
          }}
        />
        <Action
          label={trans.__('Fold all')}
          disabled={!names.some(isOpen)}
          onClick={() => {
            turn({ turned: many ? [] : names, many });
          }}
        />
      </p>
      <Frame
        place={look.place}
        onMoved={moved}
        label={trans.__('Graph of everything; arrow keys walk along the links')}
        onWalk={(to, from) => {
          walk(from, to, links);
        }}
        onFocus={event => {
          setCurrent(nodeOf(event.target)?.dataset['pmNode'] ?? '');
        }}
        onClick={event => {
          const node = nodeOf(event.target);
          if (node !== null) {
            setCurrent(node.dataset['pmNode'] ?? '');
          }
        }}
      >
        <div
          className="pm-Everything-sheet"
          style={{ paddingTop: 24 + LANE * Math.min(lanes, MOST_LANES) }}
        >
          <Links links={links} runLinks={runLinks} lit={lit} />
          {columns.map((column, place) => (
            <ul key={place} className="pm-Everything-column">
              {column.map(module => (
                <ModuleCard
                  key={module.module}
                  module={module}
                  unfolded={{
                    isOpen,
                    toggle,
                    filter,
                    chosen,
                    onChoose,
                    onListed,
                    reads: method => {
                      const read = edges
                        .filter(edge => edge.target === method)
                        .map(edge => `${edge.source} (${edge.count})`);
                      return read.length === 0 ? '' : trans.__('reads %1', read.join(', '));
                    }
                  }}
                />
              ))}
            </ul>
          ))}
        </div>
      </Frame>
    </>
  );
}

function isMethod(key: string): boolean {
  return key.startsWith('method/');
}

/** The runs that are listed, by their method. */
function useListed(): {
  listed: ReadonlyMap<string, readonly number[]>;
  onListed: (method: string, runs: readonly number[]) => void;
} {
  const [listed, setListed] = React.useState<ReadonlyMap<string, readonly number[]>>(new Map());
  const onListed = React.useCallback((method: string, runs: readonly number[]): void => {
    setListed(before => {
      if (String(before.get(method) ?? []) === String(runs)) {
        return before;
      }
      const after = new Map(before);
      if (runs.length === 0) {
        after.delete(method);
      } else {
        after.set(method, runs);
      }
      return after;
    });
  }, []);
  return { listed, onListed };
}

const NONE: readonly RunEdge[] = [];

/** The links among the runs that are listed. */
function useRunEdges(listed: ReadonlyMap<string, readonly number[]>): readonly RunEdge[] {
  const { api } = useHere();
  const asked = useAsked(
    React.useCallback(async () => {
      const runs = [...listed.values()].flat().slice(0, MOST_RUNS);
      return runs.length === 0 ? NONE : await edgesAmong(api, runs);
    }, [api, listed])
  );
  return asked.value ?? NONE;
}

/** The node that holds what an event hit. */
function nodeOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>('[data-pm-node]') : null;
}

/** Move the focus along a link or to the node above or below, where there is one. */
function walk(target: EventTarget | null, to: GraphMove, links: readonly ILink[]): void {
  if (!(target instanceof HTMLButtonElement) || target.dataset['pmNode'] === undefined) {
    return;
  }
  const here = target.dataset['pmNode'];
  const all = [
    ...(target
      .closest('.pm-Everything-sheet')
      ?.querySelectorAll<HTMLElement>('button[data-pm-node]') ?? [])
  ];
  const named = (wanted: string | undefined): HTMLElement | undefined =>
    all.find(each => each.dataset['pmNode'] === wanted);
  const onward = {
    left: () => named(links.find(link => link.to === here && link.from !== here)?.from),
    right: () => named(links.find(link => link.from === here && link.to !== here)?.to),
    up: () => all[all.indexOf(target) - 1],
    down: () => all[all.indexOf(target) + 1]
  };
  const next = to in onward ? onward[to as keyof typeof onward]() : undefined;
  next?.focus();
  next?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}
