/** How everything is looked at: kept in the layout, so that a reload brings it back. */

import React from 'react';

import type { ITab } from '../screen/here';
import { useKeptLook } from '../screen/kept';
import type { IFilter } from './filter';
import { filterOf, NO_FILTER } from './filter';

/**
 * What is asked for: each text of the filter that is not empty; and how it is looked at, as `textOf`
 * writes it.
 */
export type EverythingArgs = Partial<Record<keyof IFilter | 'look', string>>;

/** Where the graph was moved and zoomed to. */
export interface IPlace {
  readonly zoom: number;
  readonly left: number;
  readonly top: number;
}

export interface ILook {
  /** The modules and methods that somebody has turned from how they begin, by their keys. */
  readonly turned: readonly string[];
  /** Whether the modules began folded when they were turned; null, nobody has turned any. */
  readonly many: boolean | null;
  readonly chosen: readonly number[];
  readonly place: IPlace;
}

export const ZOOM = { least: 0.2, most: 2, step: 1.25 };
const FIRST: ILook = { turned: [], many: null, chosen: [], place: { zoom: 1, left: 0, top: 0 } };

/** Unfolded methods and chosen runs that are kept. */
const KEPT = 500;

/** Read what `textOf` wrote; what is missing or of another kind is as at first. */
export function readLook(text: string): ILook {
  let kept: unknown;
  try {
    kept = JSON.parse(text);
  } catch {
    return FIRST;
  }
  const { turned, many, chosen, place } = tableOf(kept);
  const { zoom, left, top } = tableOf(place);
  return {
    turned: Array.isArray(turned) ? turned.filter(key => typeof key === 'string') : [],
    many: typeof many === 'boolean' ? many : null,
    chosen: Array.isArray(chosen)
      ? chosen.filter((run): run is number => Number.isSafeInteger(run))
      : [],
    place: {
      zoom: Math.min(ZOOM.most, Math.max(ZOOM.least, sizeOr(zoom, FIRST.place.zoom))),
      left: sizeOr(left, 0),
      top: sizeOr(top, 0)
    }
  };
}

function tableOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function sizeOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && value >= 0 ? value : otherwise;
}

/** With more methods than this, the modules begin folded. */
const MANY = 40;

export interface IFolds {
  /** Whether the modules began folded. */
  readonly many: boolean;
  readonly isOpen: (key: string) => boolean;
}

/**
 * What is unfolded. What somebody has turned stays as it is, however many methods there are by now.
 *
 * @param methods - so many there were when it was opened
 */
export function foldsOf(
  { turned, many: before }: Pick<ILook, 'turned' | 'many'>,
  methods: number
): IFolds {
  const many = before ?? methods > MANY;
  const keys = new Set(turned);
  return { many, isOpen: key => keys.has(key) !== (key.startsWith('module/') && !many) };
}

/** As a layout keeps it. */
export function textOf(look: ILook): string {
  return JSON.stringify({
    ...look,
    turned: look.turned.slice(-KEPT),
    chosen: look.chosen.slice(-KEPT)
  });
}

export interface ILooking {
  readonly filter: IFilter;
  readonly onFilter: (filter: IFilter) => void;
  readonly look: ILook;
  /** Look at it otherwise from now on, after a reload as well. */
  readonly turn: (change: Partial<ILook>) => void;
  /** Keep where somebody has moved to; draws nothing. */
  readonly moved: (place: IPlace) => void;
}

/** How everything is looked at in this tab. */
export function useLook(args: EverythingArgs, tab: ITab<EverythingArgs>): ILooking {
  const [filter, setFilter] = React.useState(() => filterOf({ ...NO_FILTER, ...args }));
  const {
    look,
    now,
    turn,
    moved: change,
    keep
  } = useKeptLook(tab, args, () => readLook(args.look ?? ''), textOf);
  const onFilter = React.useCallback(
    (next: IFilter): void => {
      setFilter(next);
      keep({ ...next });
      // Of what fits another filter, what was in view may be gone.
      turn({ place: { ...now.current.place, left: 0, top: 0 } });
    },
    [keep, now, turn]
  );
  const moved = React.useCallback(
    (place: IPlace): void => {
      change({ place });
    },
    [change]
  );
  return { filter, onFilter, look, turn, moved };
}
