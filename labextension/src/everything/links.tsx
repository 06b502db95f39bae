/** The links of the graph: lines between the nodes, wherever the page has laid those out. */

import React from 'react';

import { useHere } from '../screen/here';
import type { ILink } from './shape';

interface IBox {
  left: number;
  right: number;
  /** Where lines meet it. */
  y: number;
}

interface IProps {
  links: readonly ILink[];
  runLinks: readonly ILink[];
  /** The nodes whose links stand out. */
  lit: ReadonlySet<string>;
}

/** Lanes above the cards, for links that pass a whole column; more links share them. */
export const LANE = 10;
export const MOST_LANES = 12;

/** Above so many links only those that stand out say how many inputs they are. */
const TOLD = 30;

/** Drawn in the element that holds the nodes, each with `data-pm-node`. */
export const Links = React.memo(function Links(props: IProps): React.JSX.Element {
  const { links, runLinks, lit } = props;
  const { trans } = useHere();
  const marker = React.useId();
  const drawing = React.useRef<SVGSVGElement>(null);
  const [boxes, setBoxes] = React.useState<ReadonlyMap<string, IBox>>(new Map());

  React.useLayoutEffect(() => {
    const node = drawing.current?.parentElement ?? null;
    if (node === null) {
      return;
    }
    let frame = 0;
    const look = (): void => {
      frame = 0;
      // Hidden, as while the theme changes, everything is nowhere: the lines stay as they were.
      if (node.offsetWidth > 0) {
        setBoxes(measured(node));
      }
    };
    const soon = (): void => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    // Whatever unfolds changes the size of the sheet or of a card; lists scroll inside of cards.
    const sizes = new ResizeObserver(soon);
    sizes.observe(node);
    for (const card of node.querySelectorAll('[data-pm-card]')) {
      sizes.observe(card);
    }
    const rows = new MutationObserver(changes => {
      // Not of what is drawn here.
      if (changes.some(({ target }) => !(target instanceof SVGElement))) {
        soon();
      }
    });
    rows.observe(node, { childList: true, subtree: true });
    node.addEventListener('scroll', soon, { capture: true, passive: true });
    return () => {
      cancelAnimationFrame(frame);
      sizes.disconnect();
      rows.disconnect();
      node.removeEventListener('scroll', soon, { capture: true });
    };
  }, [links, runLinks]);

  const told = links.length <= TOLD;
  return (
    <svg ref={drawing} className="pm-Everything-links" aria-hidden="true">
      <defs>
        {['dim', 'lit'].map(kind => (
          <marker
            key={kind}
            id={`${marker}-${kind}`}
            className={`pm-Everything-tip pm-mod-${kind}`}
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0 0 8 4 0 8z" />
          </marker>
        ))}
      </defs>
      {[...links, ...runLinks].map(link => {
        const [from, to] = [boxes.get(link.from), boxes.get(link.to)];
        if (from === undefined || to === undefined) {
          return null;
        }
        const kind = lit.has(link.from) && lit.has(link.to) ? 'lit' : 'dim';
        const { d, middle } =
          link.lane === null ? curve(from, to) : over(from, to, link.lane % MOST_LANES);
        const counted = link.count > 1 && (told || kind === 'lit');
        return (
          <g key={`${link.from} ${link.to}`} className={`pm-Everything-link pm-mod-${kind}`}>
            <path
              d={d}
              strokeWidth={Math.min(5, 1.5 + Math.log10(link.count))}
              markerEnd={`url(#${marker}-${kind})`}
            >
              <title>
                {trans._n('%1 input was its result', '%1 inputs were its results', link.count)}
              </title>
            </path>
            {counted && (
              <text x={middle.x} y={middle.y - 5}>
                {link.count}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
});

/** Where the nodes are, inside of the sheet; a run that is scrolled out of its list is nowhere. */
function measured(sheet: HTMLElement): Map<string, IBox> {
  const origin = sheet.getBoundingClientRect();
  // The sheet may be zoomed; what is drawn in it is zoomed with it.
  const zoom = origin.width / Math.max(1, sheet.offsetWidth) || 1;
  const boxes = new Map<string, IBox>();
  for (const node of sheet.querySelectorAll<HTMLElement>('[data-pm-node]')) {
    const at = node.getBoundingClientRect();
    const card = node.closest('.pm-Everything-module')?.getBoundingClientRect() ?? at;
    const list = node.closest('.pm-Rows')?.getBoundingClientRect();
    const y = at.top + at.height / 2;
    if (list !== undefined && (y < list.top || y > list.bottom)) {
      continue;
    }
    boxes.set(node.dataset['pmNode'] ?? '', {
      left: (card.left - origin.left) / zoom,
      right: (card.right - origin.left) / zoom,
      y: (y - origin.top) / zoom
    });
  }
  return boxes;
}

/** From the right edge of one to the left edge of the other; around, where that lies not right of it. */
function curve(from: IBox, to: IBox): { d: string; middle: { x: number; y: number } } {
  const forward = to.left > from.right;
  const end = forward ? to.left - 1 : to.right + 1;
  const bend = forward ? Math.min(160, Math.max(24, (end - from.right) / 2)) : 28;
  const enter = forward ? end - bend : Math.max(from.right, end) + bend;
  const leave = forward ? from.right + bend : Math.max(from.right, end) + bend;
  return {
    d: `M${from.right} ${from.y}C${leave} ${from.y} ${enter} ${to.y} ${end} ${to.y}`,
    middle: {
      x: (from.right + 3 * leave + 3 * enter + end) / 8,
      y: (from.y + to.y) / 2
    }
  };
}

/** Up from one, along a lane above the cards, and down to the other. */
function over(from: IBox, to: IBox, lane: number): { d: string; middle: { x: number; y: number } } {
  const y = 14 + LANE * lane;
  const [start, end] = [from.right, to.left - 1];
  return {
    d:
      `M${start} ${from.y}C${start + 30} ${from.y} ${start + 6} ${y} ${start + 40} ${y}` +
      `L${end - 40} ${y}C${end - 6} ${y} ${end - 30} ${to.y} ${end} ${to.y}`,
    middle: { x: (start + end) / 2, y }
  };
}
