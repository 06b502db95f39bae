/** What the graph lies in: dragged, scrolled, and zoomed by buttons, by keys, or Ctrl and the wheel. */

import React from 'react';

import type { GraphMove } from '../screen/graph_keys';
import { useGraphMoves } from '../screen/graph_keys';
import { useHere } from '../screen/here';
import { Action } from '../screen/parts';
import type { IPlace } from './look';
import { ZOOM } from './look';

/** A pointer that moves less than this clicks. */
const FAR = 4;

interface IPoint {
  readonly x: number;
  readonly y: number;
}

interface IProps {
  label: string;
  /** Where it was moved and zoomed to, at first. */
  place: IPlace;
  /** Told when somebody has moved or zoomed it. */
  onMoved: (place: IPlace) => void;
  /** Walk from what has the focus. */
  onWalk: (to: GraphMove, from: EventTarget | null) => void;
  onFocus: (event: React.FocusEvent) => void;
  onClick: (event: React.MouseEvent) => void;
  children: React.ReactNode;
}

export function Frame(props: IProps): React.JSX.Element {
  const { trans } = useHere();
  const frame = React.useRef<HTMLDivElement>(null);
  const [zoom, setZoom] = React.useState(props.place.zoom);
  // What stays where it is while the zoom changes: a point of the frame.
  const still = React.useRef<{ at: IPoint; before: number } | null>(null);

  const { place, onMoved } = props;
  const { lead, leave } = useLedBack(frame, place);
  const zoomTo = React.useCallback(
    (next: (before: number) => number, at?: IPoint): void => {
      // Also by a button, which lies outside of the frame.
      leave();
      setZoom(before => {
        const node = frame.current;
        const after = Math.min(ZOOM.most, Math.max(ZOOM.least, next(before)));
        if (node === null || after === before) {
          return before;
        }
        still.current = {
          at: at ?? { x: node.clientWidth / 2, y: node.clientHeight / 2 },
          before
        };
        return after;
      });
    },
    [leave]
  );
  const by = (factor: number): void => {
    zoomTo(before => before * factor);
  };
  const fit = (): void => {
    const node = frame.current;
    const sheet = node?.firstElementChild?.firstElementChild;
    if (node === null || !(sheet instanceof HTMLElement)) {
      return;
    }
    zoomTo(before => {
      const box = sheet.getBoundingClientRect();
      // The sheet is at least as large as the frame; what is in it may be smaller.
      const inside = [...sheet.querySelectorAll('.pm-Everything-column')].map(each =>
        each.getBoundingClientRect()
      );
      const right = Math.max(box.left, ...inside.map(each => each.right)) - box.left;
      const bottom = Math.max(box.top, ...inside.map(each => each.bottom)) - box.top;
      return Math.min(
        1,
        (before * node.clientWidth) / (right + 40 * before),
        (before * node.clientHeight) / (bottom + 24 * before)
      );
    });
  };

  useGraphMoves(frame, (to, _more, from) => {
    if (to === 'fit') {
      fit();
    } else if (to === 'in' || to === 'out') {
      by(to === 'in' ? ZOOM.step : 1 / ZOOM.step);
    } else {
      // The frame does not hear of a key that the Lab has taken.
      leave();
      props.onWalk(to, from);
    }
  });

  React.useLayoutEffect(() => {
    const node = frame.current;
    if (node === null || still.current === null) {
      return;
    }
    const { at, before } = still.current;
    still.current = null;
    node.scrollLeft = ((node.scrollLeft + at.x) * zoom) / before - at.x;
    node.scrollTop = ((node.scrollTop + at.y) * zoom) / before - at.y;
  }, [zoom]);

  // React listens to the wheel passively, so that the page would be zoomed as well.
  React.useEffect(() => {
    const node = frame.current;
    if (node === null) {
      return;
    }
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) {
        return;
      }
      event.preventDefault();
      const box = node.getBoundingClientRect();
      zoomTo(before => before * Math.exp(-event.deltaY / 400), {
        x: event.clientX - box.left,
        y: event.clientY - box.top
      });
    };
    node.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      node.removeEventListener('wheel', onWheel);
    };
  }, [zoomTo]);

  const tell = React.useRef(onMoved);
  React.useEffect(() => {
    tell.current = onMoved;
  });
  const told = React.useCallback((): void => {
    const node = frame.current;
    // On the way back to where it was, nobody has moved it.
    if (node !== null && !lead.current) {
      tell.current({ zoom, left: node.scrollLeft, top: node.scrollTop });
    }
  }, [zoom, lead]);
  React.useEffect(told, [told]);

  const drag = React.useRef<(IPoint & { left: number; top: number; far: boolean }) | null>(null);
  return (
    <div className="pm-Everything-place">
      <div
        ref={frame}
        className="pm-Everything-frame"
        role="region"
        aria-label={props.label}
        tabIndex={0}
        onScroll={told}
        onFocus={props.onFocus}
        onClick={props.onClick}
        onPointerDown={event => {
          const node = frame.current;
          if (node !== null && event.button === 0 && isGround(event.target)) {
            drag.current = {
              ...{ x: event.clientX, y: event.clientY },
              ...{ left: node.scrollLeft, top: node.scrollTop, far: false }
            };
          }
        }}
        onPointerMove={event => {
          const [node, from] = [frame.current, drag.current];
          if (event.buttons === 0) {
            // Let go of where nobody told: outside of the window.
            drag.current = null;
          }
          if (node === null || from === null || event.buttons === 0) {
            return;
          }
          const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
          if (!from.far && Math.abs(dx) + Math.abs(dy) < FAR) {
            return;
          }
          if (!from.far) {
            from.far = true;
            node.setPointerCapture(event.pointerId);
          }
          node.scrollLeft = from.left - dx;
          node.scrollTop = from.top - dy;
        }}
        onPointerUp={() => {
          drag.current = null;
        }}
        onPointerCancel={() => {
          drag.current = null;
        }}
      >
        <div className="pm-Everything-zoomed" style={{ zoom }}>
          {props.children}
        </div>
      </div>
      <div className="pm-Bar pm-Lineage-zoom" role="group" aria-label={trans.__('Zoom')}>
        <Action
          label="−"
          title={trans.__('Zoom out')}
          onClick={() => {
            by(1 / ZOOM.step);
          }}
        />
        <Action
          label="+"
          title={trans.__('Zoom in')}
          onClick={() => {
            by(ZOOM.step);
          }}
        />
        <Action label={trans.__('Fit')} title={trans.__('Show everything')} onClick={fit} />
      </div>
    </div>
  );
}

/**
 * Scroll a frame to where it was left. What is in it comes bit by bit, so this goes on until there
 * is room for that, or until somebody moves it.
 *
 * @returns whether it is still on the way, and what leaves the way
 */
function useLedBack(
  frame: React.RefObject<HTMLDivElement>,
  { left, top }: IPlace
): { lead: React.RefObject<boolean>; leave: () => void } {
  const lead = React.useRef(left > 0 || top > 0);
  const [to] = React.useState({ left, top });
  React.useEffect(() => {
    const node = frame.current;
    const sheet = node?.firstElementChild;
    if (node === null || !sheet || !lead.current) {
      return;
    }
    const end = (): void => {
      lead.current = false;
      observer.disconnect();
      moves.forEach(move => {
        node.removeEventListener(move, end, true);
      });
    };
    const observer = new ResizeObserver(() => {
      if (!lead.current) {
        end();
        return;
      }
      node.scrollLeft = to.left;
      node.scrollTop = to.top;
      if (Math.abs(node.scrollLeft - to.left) < 2 && Math.abs(node.scrollTop - to.top) < 2) {
        end();
      }
    });
    const moves = ['wheel', 'pointerdown', 'keydown'] as const;
    moves.forEach(move => {
      node.addEventListener(move, end, true);
    });
    observer.observe(sheet);
    return end;
  }, [frame, to]);
  const leave = React.useCallback((): void => {
    lead.current = false;
  }, []);
  return { lead, leave };
}

/** Whether a drag may begin here: nothing here answers to a click or is text to select. */
function isGround(target: EventTarget): boolean {
  return target instanceof Element && target.closest('button, a, input, label, .pm-Rows') === null;
}
