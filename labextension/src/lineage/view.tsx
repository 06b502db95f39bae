/** A lineage drawn: panned, zoomed, walked by keys; of what is small or outside little is drawn. */

import React from 'react';

import type { IMark } from '../api/marks';
import { markForm, markOf } from '../marks/mark';
import { useHere } from '../screen/here';
import { Action } from '../screen/parts';
import { clipped, second } from './export';
import type { IGraph, LineageRun } from './graph';
import { chainOf, changedOf, changedShort } from './graph';
import type { ILayout } from './layout';
import { layout, link, NODE } from './layout';

interface IView {
  x: number;
  y: number;
  zoom: number;
}

interface IProps {
  graph: IGraph;
  /** The last one is shown beside the graph. */
  selected: readonly number[];
  onSelect: (runs: number[]) => void;
  onOpen: (run: number) => void;
  label: string;
  /** A small one is as high as its graph and does not zoom by the wheel. */
  small?: boolean;
}

const ZOOM = { least: 0.02, most: 2, readable: 0.35 };
const MARGIN = 24;

export function LineageView(props: IProps): React.JSX.Element {
  const { graph, selected, onSelect, onOpen, label, small = false } = props;
  const { marks, trans } = useHere();
  const plan = React.useMemo(() => layout(graph), [graph]);
  const frame = React.useRef<SVGSVGElement>(null);
  const [size, setSize] = React.useState({ width: 0, height: 0 });
  const [moved, setMoved] = React.useState<IView | null>(null);
  const current = selected[selected.length - 1] ?? graph.asked;
  const lit = React.useMemo(() => chainOf(graph, current), [graph, current]);
  // Until somebody moves it, it fits the room that there is.
  const view = moved ?? first(plan, size, graph.asked, small);

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
      setMoved(before =>
        zoomed(before ?? first(plan, size, graph.asked, small), Math.exp(-event.deltaY / 400), at)
      );
    };
    node.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      node.removeEventListener('wheel', onWheel);
    };
  }, [plan, size, graph.asked, small]);

  const drag = React.useRef<{ x: number; y: number; view: IView; far: boolean } | null>(null);
  const show = (run: number): void => {
    const place = plan.places.get(run);
    if (place !== undefined) {
      setMoved(broughtIn(view, place, size));
    }
  };
  const choose = (run: number, more: boolean): void => {
    onSelect(
      more
        ? selected.includes(run)
          ? selected.filter(each => each !== run)
          : [...selected, run]
        : [run]
    );
  };
  const walk = (key: string): boolean => {
    const next = neighbour(graph, plan, current, key);
    if (next === null) {
      return false;
    }
    onSelect([next]);
    show(next);
    return true;
  };

  const middle = { x: size.width / 2, y: size.height / 2 };
  return (
    <div className={small ? 'pm-Lineage-view pm-mod-small' : 'pm-Lineage-view'}>
      <svg
        ref={frame}
        className="pm-Lineage-drawing"
        role="application"
        aria-roledescription={trans.__('lineage graph')}
        aria-label={`${label}. ${trans.__('Arrow keys walk along the links, Enter opens the run.')}`}
        tabIndex={0}
        style={small ? { height: Math.min(260, plan.height + 2 * MARGIN) } : undefined}
        onPointerDown={event => {
          if (event.button === 0) {
            drag.current = { x: event.clientX, y: event.clientY, view, far: false };
          }
        }}
        onPointerMove={event => {
          const from = drag.current;
          if (from === null) {
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
            choose(run, event.ctrlKey || event.metaKey || event.shiftKey);
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
          if (event.key === 'Enter') {
            onOpen(current);
          } else if (event.key === '+' || event.key === '-') {
            setMoved(zoomed(view, event.key === '+' ? 1.25 : 0.8, middle));
          } else if (event.key === '0') {
            setMoved(fitted(plan, size));
          } else if (!walk(event.key)) {
            return;
          }
          event.preventDefault();
          event.stopPropagation();
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
                asked={run === graph.asked}
                dimmed={!lit.has(run)}
                selected={selected.includes(run)}
              />
            ))
          )}
        </g>
      </svg>
      <p className="pm-offscreen" role="status">
        {spoken(graph, current, marks.run)}
      </p>
      {!small && (
        <div className="pm-Bar pm-Lineage-zoom" role="group" aria-label={trans.__('Zoom')}>
          <Action
            label="−"
            title={trans.__('Zoom out')}
            onClick={() => {
              setMoved(zoomed(view, 0.8, middle));
            }}
          />
          <Action
            label="+"
            title={trans.__('Zoom in')}
            onClick={() => {
              setMoved(zoomed(view, 1.25, middle));
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

interface ISize {
  width: number;
  height: number;
}

/** All of it, at most in its natural size. */
function fitted(plan: ILayout, size: ISize): IView {
  const zoom = Math.max(
    ZOOM.least,
    Math.min(
      1,
      (size.width - 2 * MARGIN) / Math.max(1, plan.width),
      (size.height - 2 * MARGIN) / Math.max(1, plan.height)
    )
  );
  return {
    zoom,
    x: (size.width - plan.width * zoom) / 2,
    y: (size.height - plan.height * zoom) / 2
  };
}

/** All of it while that is readable; else the end with the run that was asked for. */
function first(plan: ILayout, size: ISize, asked: number, small: boolean): IView {
  const whole = fitted(plan, size);
  if (whole.zoom >= ZOOM.readable || size.width === 0) {
    return whole;
  }
  const zoom = small ? ZOOM.readable : 0.6;
  const place = plan.places.get(asked) ?? { x: 0, y: 0 };
  const last = plan.width - NODE.width - place.x < 1;
  return {
    zoom,
    x: last ? size.width - MARGIN - (place.x + NODE.width) * zoom : MARGIN - place.x * zoom,
    y: size.height / 2 - (place.y + NODE.height / 2) * zoom
  };
}

function zoomed(view: IView, by: number, at: { x: number; y: number }): IView {
  const zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, view.zoom * by));
  const ratio = zoom / view.zoom;
  return { zoom, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
}

/** The view moved just so far that a node is inside. */
function broughtIn(view: IView, place: { x: number; y: number }, size: ISize): IView {
  const left = view.x + place.x * view.zoom;
  const top = view.y + place.y * view.zoom;
  const shift = (from: number, length: number, room: number): number =>
    from < MARGIN
      ? MARGIN - from
      : from + length > room - MARGIN
        ? room - MARGIN - from - length
        : 0;
  return {
    ...view,
    x: view.x + shift(left, NODE.width * view.zoom, size.width),
    y: view.y + shift(top, NODE.height * view.zoom, size.height)
  };
}

/** The runs whose nodes are, at least in part, inside the view. */
function within(plan: ILayout, view: IView, size: ISize): number[] {
  const [left, top] = [-view.x / view.zoom, -view.y / view.zoom];
  const [right, bottom] = [left + size.width / view.zoom, top + size.height / view.zoom];
  return [...plan.places]
    .filter(
      ([, { x, y }]) =>
        x + NODE.width >= left && x <= right && y + NODE.height >= top && y <= bottom
    )
    .map(([run]) => run);
}

/** The run that an arrow key leads to. */
export function neighbour(graph: IGraph, plan: ILayout, run: number, key: string): number | null {
  if (key === 'ArrowLeft') {
    return graph.sources.get(run)?.[0] ?? null;
  }
  if (key === 'ArrowRight') {
    return graph.readers.get(run)?.[0] ?? null;
  }
  if (key !== 'ArrowUp' && key !== 'ArrowDown') {
    return null;
  }
  const depth = graph.depth.get(run);
  const at = (each: number): { x: number; y: number } => plan.places.get(each) ?? { x: 0, y: 0 };
  const column = [...graph.depth.keys()]
    .filter(each => graph.depth.get(each) === depth)
    .sort((a, b) => at(a).x - at(b).x || at(a).y - at(b).y);
  return column[column.indexOf(run) + (key === 'ArrowUp' ? -1 : 1)] ?? null;
}

/** What a screen reader says of the selected run. */
function spoken(graph: IGraph, run: number, marks: IMark[]): string {
  const found = graph.runs.get(run);
  if (found === undefined) {
    return '';
  }
  const mark = markOf(marks, found.state);
  return [
    `${found.method} v${found.version}`,
    second(found, mark),
    mark.said,
    ...changedOf(found)
  ].join(', ');
}

interface ILinksProps {
  graph: IGraph;
  plan: ILayout;
  lit: ReadonlySet<number>;
}

const Links = React.memo(function Links({ graph, plan, lit }: ILinksProps): React.JSX.Element {
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
const Dots = React.memo(function Dots(props: IDotsProps): React.JSX.Element {
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
  asked: boolean;
  dimmed: boolean;
  selected: boolean;
}

const Node = React.memo(function Node(props: INodeProps): React.JSX.Element {
  const { run, x, y, marks, asked, dimmed, selected } = props;
  const mark = markOf(marks, run.state);
  const changed = changedShort(run);
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
        {[`${run.method} v${run.version}`, second(run, mark), mark.said, ...changedOf(run)].join(
          '\n'
        )}
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
      <rect className="pm-Lineage-box" width={NODE.width} height={NODE.height} rx={6} />
      <rect className="pm-Lineage-band" width={5} height={NODE.height} rx={2} />
      <g transform={`translate(${NODE.width - 24} 8)`}>{markForm(mark.glyph)}</g>
      <text className="pm-Lineage-title" x={14} y={20}>
        {clipped(`${run.method} v${run.version}`, 25)}
      </text>
      <text className="pm-Lineage-second" x={14} y={38}>
        {clipped(second(run, mark), 32)}
      </text>
      <text className="pm-Lineage-changed" x={14} y={56}>
        {clipped(changed, 27)}
      </text>
    </g>
  );
});
