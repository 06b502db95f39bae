/** A lineage with what is looked for in it, and the selected run beside it. */

import React from 'react';

import { CommandIDs } from '../commands';
import { ChosenRuns } from '../screen/chosen';
import { useHere } from '../screen/here';
import { Action, ShowsRun } from '../screen/parts';
import type { Directions } from './ask';
import { chosenAfter, drawn } from './chosen';
import { Find, foundIn } from './find';
import { useFolding } from './folding';
import type { IGraph } from './graph';
import { Group } from './group';
import type { ILook, ILooking } from './look';
import { Selected } from './selected';
import { LineageTable } from './table';
import { LineageView } from './view';

interface IBodyProps {
  graph: IGraph;
  look: ILook;
  directions: Directions;
  turn: ILooking['turn'];
  moved: ILooking['moved'];
  all: () => Promise<void>;
  /** Told what is drawn, for pictures of it. */
  onDrawn: (graph: IGraph) => void;
}

export function Body(props: IBodyProps): React.JSX.Element {
  const { graph, look, directions, turn, moved, all, onDrawn } = props;
  const { commands, trans } = useHere();
  const { form, chosen } = look;
  const selected = React.useMemo(() => {
    const there = chosen?.filter(run => graph.runs.has(run)) ?? [];
    // Looking the other way, or after others were deleted, none of them may be left.
    return there.length === 0 && chosen?.length !== 0 ? [graph.asked] : there;
  }, [chosen, graph]);
  const setSelected = (runs: readonly number[]): void => {
    turn({ chosen: runs });
  };
  const current = selected[selected.length - 1] ?? graph.asked;
  const [text, setText] = React.useState('');
  const found = React.useMemo(() => foundIn(graph, text), [graph, text]);
  const [goTo, setGoTo] = React.useState<{ run: number } | null>(null);
  const folding = useFolding(graph, look, turn);
  const { shown, home } = folding;
  const drawing = `${directions} ${folding.on ? 'together' : 'apart'}`;
  React.useEffect(() => {
    onDrawn(shown);
  }, [shown, onDrawn]);
  const drawnAs = (run: number): number => home.get(run) ?? run;
  const group = shown.runs.get(drawnAs(current))?.together;
  const unfold = (run: number): void => {
    folding.unfold(run);
    setSelected([run]);
    setGoTo({ run });
  };
  const goToRun = (run: number): void => {
    if (form === 'graph' && shown.runs.get(drawnAs(run))?.together !== undefined) {
      unfold(run);
    } else {
      setSelected([run]);
      setGoTo({ run });
    }
  };
  const open = (run: number): void => {
    if (shown.runs.get(run)?.together !== undefined) {
      unfold(run);
    } else {
      void commands.execute(CommandIDs.openRun, { run });
    }
  };
  const whole = React.useRef<HTMLDivElement>(null);
  // What had the focus beside it goes with what was shown there.
  const focusLeft = (): void => {
    const left = '.pm-Lineage-drawing, .pm-mod-lineage';
    whole.current?.querySelector<HTMLElement | SVGElement>(left)?.focus();
  };
  const walk = (run: number): boolean => {
    const isThere = graph.runs.has(run);
    if (isThere) {
      goToRun(run);
      focusLeft();
    }
    return isThere;
  };
  const nodes = drawn(selected, home);
  // Of one node that stands for several nothing is compared before somebody chooses among them.
  const isGroup = form === 'graph' && nodes.length === 1 && group?.length === selected.length;
  return (
    <div ref={whole} className="pm-Lineage-body">
      <section
        className="pm-Lineage-left"
        aria-label={trans.__('Graph of the lineage')}
        onKeyDown={event => {
          if (event.key === '/' && !(event.target instanceof HTMLInputElement)) {
            event.preventDefault();
            event.currentTarget.querySelector<HTMLInputElement>('input[type=search]')?.focus();
          }
        }}
      >
        <div className="pm-Bar pm-Lineage-find">
          <Find text={text} onText={setText} found={found} current={current} onGo={goToRun} />
          {form === 'graph' && folding.possible && (
            <button
              type="button"
              className="pm-Button"
              aria-pressed={folding.on}
              title={trans.__('Draw runs of the same method and version as one')}
              onClick={folding.turn}
            >
              {trans.__('Fold alike runs')}
            </button>
          )}
        </div>
        {graph.truncated && (
          <p className="pm-Bar pm-Log-note">
            {trans.__('It has more runs; the %1 nearest are shown.', graph.runs.size)}{' '}
            <Action label={trans.__('Show all')} onClick={() => void all()} />
          </p>
        )}
        {selected.length > 1 && !isGroup && (
          <div className="pm-Bar pm-Log-note">
            <ChosenRuns
              runs={new Set(selected)}
              none={() => {
                setSelected([graph.asked]);
              }}
              commands={commands}
              trans={trans}
            />
          </div>
        )}
        {form === 'graph' ? (
          <LineageView
            key={drawing}
            graph={shown}
            selected={nodes}
            onChoose={(node, how) => {
              setSelected(chosenAfter(selected, node, how));
            }}
            onOpen={open}
            found={found === null ? null : new Set(found.map(drawnAs))}
            goTo={goTo}
            drawing={drawing}
            middle={look.middle}
            onMoved={middle => {
              moved({ middle });
            }}
            label={trans.__('Lineage of run %1, %2 runs', graph.asked, graph.runs.size)}
          />
        ) : (
          <LineageTable
            graph={graph}
            only={found}
            selected={selected}
            onSelect={setSelected}
            goTo={goTo}
            top={look.top}
            onTop={top => {
              moved({ top });
            }}
          />
        )}
      </section>
      <aside className="pm-Lineage-right" aria-label={trans.__('The selected run')}>
        {form === 'graph' && group !== undefined ? (
          <Group
            group={group}
            onUnfold={() => {
              unfold(current);
              focusLeft();
            }}
          />
        ) : (
          <ShowsRun.Provider value={walk}>
            <Selected key={current} run={current} graph={graph} />
          </ShowsRun.Provider>
        )}
      </aside>
    </div>
  );
}
