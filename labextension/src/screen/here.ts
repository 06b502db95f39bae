/** What every screen needs around it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ISignal } from '@lumino/signaling';
import React from 'react';

import { NotReady } from '../api/errors';
import type { IMarks } from '../api/marks';
import type { IApi, IChange, ILive } from '../tokens';
import { Looking } from './looking';
import type { ISetting } from './setting';

/** What every screen needs around it. */
export interface IHere {
  readonly api: IApi;
  readonly live: ILive;
  readonly commands: CommandRegistry;
  readonly trans: TranslationBundle;
  /** The marks of all states; empty until `ready`. */
  readonly marks: IMarks;
  /** Whether the log of a run that runs is followed, as set in the Settings Editor. */
  readonly followLogs: boolean;
  /**
   * Find out whether workspace and database are there.
   *
   * @throws NotReady when they are not, and what IApi.status throws
   */
  ready(): Promise<void>;
}

/** The tab that a screen is drawn in; `A` is what it can be asked to show. */
export interface ITab<A = never> {
  readonly isVisible: boolean;
  /** Emits when the tab comes to the front. */
  readonly shown: ISignal<unknown, void>;
  /** Name the tab by what it shows. */
  setTitle(label: string, caption?: string): void;
  /** Show something else from now on, after a reload as well. */
  turn(args: A): void;
  /** Keep for a reload what the screen has turned to by itself; draws nothing. */
  keep(args: A): void;
  /** The run that is looked at in this tab, for the panel beside it; null, none. */
  select(run: number | null): void;
}

export class Here implements IHere {
  constructor(
    readonly api: IApi,
    readonly live: ILive,
    readonly commands: CommandRegistry,
    readonly trans: TranslationBundle,
    private readonly _followLogs: ISetting<boolean> = { value: true }
  ) {}

  get followLogs(): boolean {
    return this._followLogs.value;
  }

  get marks(): IMarks {
    return this._marks ?? { run: [], plan: [] };
  }

  async ready(): Promise<void> {
    if (this._marks !== null) {
      return;
    }
    const status = await this.api.status();
    if (status.problem !== null) {
      throw new NotReady(status.workspace === null ? 'workspace' : 'database', status.problem);
    }
    this._marks = status.marks;
  }

  private _marks: IMarks | null = null;
}

export const HereContext = React.createContext<IHere | null>(null);
export const TabContext = React.createContext<ITab | null>(null);

/** What is around the screen that is being drawn. */
export function useHere(): IHere {
  const here = React.useContext(HereContext);
  if (here === null) {
    throw new Error('A screen is drawn without its surroundings.');
  }
  return here;
}

/** The tab that is being drawn; null outside of tabs. */
export function useTab(): ITab | null {
  return React.useContext(TabContext);
}

/** The least milliseconds between two looks at what keeps changing. */
const GAP = 250;

/**
 * Look again whenever something changes that fits. A hidden tab looks when it is shown.
 *
 * What is still to be looked at stays so when the screen turns to something else.
 *
 * @param fits - whether a change concerns this screen, asked of every change
 * @param look - look again
 */
export function useChanges(
  fits: (change: IChange) => boolean,
  look: () => Promise<unknown>,
  gap = GAP
): void {
  const { live } = useHere();
  const tab = useTab();
  const now = React.useRef({ fits, look });
  React.useEffect(() => {
    now.current = { fits, look };
  }, [fits, look]);
  React.useEffect(() => {
    const looking = new Looking(() => now.current.look(), gap);
    let missed = false;
    const onChanged = (_: unknown, changes: readonly IChange[] | 'everything'): void => {
      // All are asked, also after the first that fits: a screen may keep what each of them says.
      if (changes !== 'everything' && changes.filter(now.current.fits).length === 0) {
        return;
      }
      if (tab !== null && !tab.isVisible) {
        missed = true;
        return;
      }
      looking.ask();
    };
    const onShown = (): void => {
      if (missed) {
        missed = false;
        looking.ask();
      }
    };
    const hold = live.hold();
    live.changed.connect(onChanged);
    tab?.shown.connect(onShown);
    return () => {
      live.changed.disconnect(onChanged);
      tab?.shown.disconnect(onShown);
      looking.dispose();
      hold.dispose();
    };
  }, [gap, live, tab]);
}
