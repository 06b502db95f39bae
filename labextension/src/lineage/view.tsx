/** A lineage drawn: panned, zoomed, walked by keys; of what is small or outside little is drawn. */

import React from 'react';

import { useGraphMoves } from '../screen/graph_keys';
import { useHere } from '../screen/here';
import { Action } from '../screen/parts';
import type { Choosing } from './chosen';
import type { IGraph, LineageRun } from './graph';
import { chainOf } from './graph';
import { layout } from './layout';
import type { IMiddle, IView } from './moves';
import {
  around,
  broughtIn,
  first,
  fitted,
  MARGIN,
  middleOf,
  within,
  wordsAt,
  ZOOM,
  zoomed
} from './moves';
import { Dots, Links, Node } from './nodes';
import { neighbour, spoken } from './walk';

interface IProps {
  graph: IGraph;
  /** Nodes that are ringed; the last one is shown beside the graph. */
  selected: readonly number[];
  onChoose: (node: LineageRun, how: Choosing) => void;
  onOpen: (run: number) => void;
  label: string;
  /** The runs that stand out, instead of the chain of the selected one. */
  found?: ReadonlySet<number> | null;
  /** Bring this run into view; another object, another time. */
  goTo?: { readonly run: number } | null;
  /** Which drawing this is, and what of it is in the middle at first. */
  drawing?: string;
  middle?: IMiddle | null;
  /** Told when somebody has moved or zoomed it. */
  onMoved?: (middle: IMiddle) => void;
  /** A small one is as high as its graph and does not zoom by the wheel. */
  small?: boolean;
}

export function LineageView(props: IProps): React.JSX.Element {
  const {
    graph,
    selected,
    onChoose,
    onOpen,
    label,
    found = null,
    goTo = null,
    drawing = '',
    middle = null,
    onMoved,
    small = false
  } = props;
  const { marks, trans } = useHere();
  const plan = React.useMemo(() => layout(graph), [graph]);
  const frame = React.useRef<SVGSVGElement>(null);
  const [size, setSize] = React.useState({ width: 0, height: 0 });
  const [moved, setMoved] = React.useState<IView | null>(null);
  const current = selected[selected.length - 1] ?? graph.asked;
  const chain = React.useMemo(() => chainOf(graph, current), [graph, current]);
  const lit = found ?? chain;
  // Until somebody moves it, it is as it was left, or fits the room that there is.
  const [left] = React.useState(middle?.of === drawing ? middle : null);
  const still = React.useMemo(() => {
    const before = left === null || size.width === 0 ? null : around(left, size);
    // What was there may have gone since: an empty room shows nobody the way back.
    return before !== null && within(plan, before, size).length > 0
      ? before
      : first(plan, size, graph.asked, small);
  }, [left, plan, size, graph.asked, small]);
  const view = moved ?? still;
  const words = React.useMemo(() => wordsAt(view.zoom), [view.zoom]);

  React.useEffect(() => {
    const node = frame.current;
    if (node === null) {
      return;
    }
    const observer = new ResizeObserver(() => {
      setSize({ width: node.clientWidth, height: node.clientHeight });
    });
    observer.observe(node);
    return () => {
      observer.disconnect();
    };
  }, []);

  // React listens to the wheel passively, which would scroll the page as well.
  React.useEffect(() => {
    const node = frame.current;
    if (node === null || small) {
      return;
    }
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const box = node.getBoundingClientRect();
      const at = { x: event.clientX - box.left, y: event.clientY - box.top };
      setMoved(before => zoomed(before ?? still, Math.exp(-event.deltaY / 400), at));
    };
    node.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      node.removeEventListener('wheel', onWheel);
    };
  }, [still, small]);

  const tell = React.useRef(onMoved);
  React.useEffect(() => {
    tell.current = onMoved;
  });
  React.useEffect(() => {
    if (moved !== null && size.width > 0) {
      tell.current?.(middleOf(drawing, moved, size));
    }
  }, [moved, size, drawing]);

  const drag = React.useRef<{ x: number; y: number; view: IView; far: boolean } | null>(null);
  const show = (run: number): void => {
    const place = plan.places.get(run);
    if (place !== undefined) {
      setMoved(broughtIn(view, place, size));
    }
  };
  const shown = React.useRef(goTo);
  React.useEffect(() => {
    if (goTo !== null && goTo !== shown.current && size.width > 0) {
      shown.current = goTo;
      show(goTo.run);
    }
  });
  const choose = (run: number, how: Choosing): void => {
    const node = graph.runs.get(run);
    if (node !== undefined) {
      onChoose(node, how);
    }
  };
  const centre = { x: size.width / 2, y: size.height / 2 };
  useGraphMoves(frame, (to, more) => {
    if (to === 'in' || to === 'out') {
      setMoved(zoomed(view, to === 'in' ? 1.25 : 0.8, centre));
    } else if (to === 'fit') {
      setMoved(fitted(plan, size));
    } else {
      const next = neighbour(graph, plan, current, to);
      if (next !== null) {
        choose(next, more ? 'along' : 'only');
        show(next);
      }
    }
  });
  return (
    <div className={small ? 'pm-Lineage-view pm-mod-small' : 'pm-Lineage-view'}>
      <svg
        ref={frame}
        className="pm-Lineage-drawing"
        role="application"
        aria-roledescription={trans.__('lineage graph')}
        aria-label={`${label}. ${trans.__('Arrow keys walk along the links, with Shift they choose several; End goes to the first input, Home back; Enter opens the run.')}`}
        tabIndex={0}
        style={small ? { height: Math.min(260, plan.height + 2 * MARGIN) } : undefined}
        onPointerDown={event => {
          if (event.button === 0) {
            drag.current = { x: event.clientX, y: event.clientY, view, far: false };
          }
        }}
        onPointerMove={event => {
          const from = drag.current;
          if (event.buttons === 0) {
            // Let go of where nobody told: outside of the window.
            drag.current = null;
          }
          if (from === null || event.buttons === 0) {
            return;
          }
          const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
          if (!from.far && Math.abs(dx) + Math.abs(dy) < 4) {
            return;
          }
          if (!from.far) {
            from.far = true;
            event.currentTarget.setPointerCapture(event.pointerId);
          }
          setMoved({ ...from.view, x: from.view.x + dx, y: from.view.y + dy });
        }}
        onPointerUp={event => {
          const from = drag.current;
          drag.current = null;
          const run = runAt(event.target);
          if (from !== null && !from.far && run !== null) {
            choose(run, event.ctrlKey || event.metaKey || event.shiftKey ? 'turned' : 'only');
          }
        }}
        onPointerCancel={() => {
          drag.current = null;
        }}
        onDoubleClick={event => {
          const run = runAt(event.target);
          if (run !== null) {
            onOpen(run);
          }
        }}
        onKeyDown={event => {
          // Those of the browser and of JupyterLab.
          if (event.ctrlKey || event.metaKey || event.altKey) {
            return;
          }
          if (event.key === 'Enter') {
            onOpen(current);
            event.preventDefault();
            event.stopPropagation();
          }
        }}
      >
        <g transform={`translate(${view.x} ${view.y}) scale(${view.zoom})`}>
          <Links graph={graph} plan={plan} lit={lit} />
          {view.zoom < ZOOM.readable ? (
            <Dots graph={graph} plan={plan} marks={marks.run} lit={lit} selected={selected} />
          ) : (
            within(plan, view, size).map(run => (
              <Node
                key={run}
                run={graph.runs.get(run) as LineageRun}
                x={plan.places.get(run)?.x ?? 0}
                y={plan.places.get(run)?.y ?? 0}
                marks={marks.run}
                words={words}
                asked={run === graph.asked}
                dimmed={!lit.has(run)}
                selected={selected.includes(run)}
              />
            ))
          )}
        </g>
      </svg>
      <p className="pm-offscreen" role="status">
        {spoken(graph, current, marks.run, trans)}
      </p>
      {!small && (
        <div className="pm-Bar pm-Lineage-zoom" role="group" aria-label={trans.__('Zoom')}>
          <Action
            label="−"
            title={trans.__('Zoom out')}
            onClick={() => {
              setMoved(zoomed(view, 0.8, centre));
            }}
          />
          <Action
            label="+"
            title={trans.__('Zoom in')}
            onClick={() => {
              setMoved(zoomed(view, 1.25, centre));
            }}
          />
          <Action
            label={trans.__('Fit')}
            title={trans.__('Show everything')}
            onClick={() => {
              setMoved(fitted(plan, size));
            }}
          />
        </div>
      )}
    </div>
  );
}

/** The run whose node an event hit. */
function runAt(target: EventTarget): number | null {
  const node = target instanceof Element ? target.closest('[data-pm-run]') : null;
  const run = Number(node?.getAttribute('data-pm-run'));
  return node === null || Number.isNaN(run) ? null : run;
}
