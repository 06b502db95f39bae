/** A list of which only the visible rows are drawn: as fast with ten thousand as with ten. */

import React from 'react';

import type { IItemProps } from './item';

interface IRowsProps {
  count: number;
  /** Pixels; every row has the same height. */
  height: number;
  className?: string;
  role?: string;
  label: string;
  /** The id of the row that the keys are on. */
  active?: string | undefined;
  /** What the row that the keys are on is about, for a context menu by keyboard. */
  item?: IItemProps;
  /** Bring this row into view; another object, another time. */
  goTo?: { index: number } | null;
  /** The row to begin at; later it is where the person has scrolled to. */
  top?: number;
  /** Hears which row is at the top. */
  onTop?: (row: number) => void;
  /** Stay at the end while rows are added there, unless somebody has scrolled up from it. */
  follow?: boolean;
  /** Above the rows; stays while they scroll. */
  head?: React.ReactNode;
  row: (index: number) => React.ReactNode;
  onKeyDown?: (event: React.KeyboardEvent) => void;
}

/** Rows drawn above and below what is visible, so that fast scrolling shows no gap. */
const MARGIN = 12;

export function Rows(props: IRowsProps): React.JSX.Element {
  const { count, height, row, head, goTo = null, follow = false, top = 0, onTop } = props;
  const frame = React.useRef<HTMLDivElement>(null);
  const [view, setView] = React.useState({ top: 0, height: 600 });

  const look = React.useCallback((): void => {
    const node = frame.current;
    if (node !== null) {
      // Without a layout (a hidden tab) the height is 0; some rows are drawn all the same.
      setView({ top: node.scrollTop, height: node.clientHeight || 600 });
    }
  }, []);

  const begin = React.useRef(top);
  React.useLayoutEffect(() => {
    if (frame.current !== null && begin.current > 0) {
      frame.current.scrollTop = begin.current * height;
      look();
    }
  }, [height, look]);

  React.useEffect(() => {
    const node = frame.current;
    if (node === null) {
      return;
    }
    const observer = new ResizeObserver(look);
    observer.observe(node);
    return () => {
      observer.disconnect();
    };
  }, [look]);

  React.useEffect(() => {
    const node = frame.current;
    if (node !== null && goTo !== null) {
      const top = goTo.index * height;
      if (top < node.scrollTop || top + height > node.scrollTop + node.clientHeight) {
        node.scrollTop = Math.max(0, top - node.clientHeight / 3);
      }
    }
  }, [goTo, height]);

  /** Where it was scrolled to last, and whether that is the end. */
  const was = React.useRef({ top: 0, atEnd: true });
  const moved = (node: HTMLElement): void => {
    const { scrollTop, clientHeight, scrollHeight } = node;
    if (scrollTop + clientHeight >= scrollHeight - height) {
      was.current.atEnd = true;
    } else if (scrollTop < was.current.top) {
      // Only upwards: rows that were added since are no reason to stay behind.
      was.current.atEnd = false;
    }
    was.current.top = scrollTop;
  };
  React.useEffect(() => {
    was.current.atEnd = true;
  }, [follow]);
  React.useEffect(() => {
    const node = frame.current;
    if (node !== null && follow && was.current.atEnd) {
      node.scrollTop = node.scrollHeight;
    }
  }, [count, follow]);

  const first = Math.max(0, Math.floor(view.top / height) - MARGIN);
  const last = Math.min(count, Math.ceil((view.top + view.height) / height) + MARGIN);
  const drawn: React.ReactNode[] = [];
  for (let index = first; index < last; index++) {
    drawn.push(row(index));
  }
  return (
    <div
      ref={frame}
      className={`pm-Rows ${props.className ?? ''}`}
      role={props.role}
      aria-label={props.label}
      aria-rowcount={props.role === 'table' || props.role === 'grid' ? count + 1 : undefined}
      aria-activedescendant={props.active}
      {...props.item}
      tabIndex={0}
      onScroll={event => {
        look();
        moved(event.currentTarget);
        const { scrollTop, clientHeight } = event.currentTarget;
        if (clientHeight > 0) {
          onTop?.(Math.round(scrollTop / height));
        }
      }}
      onKeyDown={props.onKeyDown}
    >
      {head}
      <div className="pm-Rows-space" role="presentation" style={{ height: count * height }}>
        <div
          className="pm-Rows-drawn"
          role={props.role === 'table' || props.role === 'grid' ? 'rowgroup' : 'presentation'}
          style={{ transform: `translateY(${first * height}px)` }}
        >
          {drawn}
        </div>
      </div>
    </div>
  );
}
