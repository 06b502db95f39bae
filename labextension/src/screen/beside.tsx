/** The right panel beside one of our tabs: the run that is looked at there, or what to select. */

import { UseSignal } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import React from 'react';

import type { IHere } from './here';
import { HereContext } from './here';

interface IProps {
  here: IHere;
  panel: { readonly selected: number | null; readonly selectedChanged: ISignal<unknown, void> };
  hint: string;
  /** Whether what the run printed belongs to it. */
  log: boolean;
}

/** Loaded with the first run that is looked at, not at the start of the Lab. */
const RunBeside = React.lazy(() => import('../runs/beside'));

/** What to do in a tab where nothing is selected. */
export function hintBeside(text: string): React.JSX.Element {
  return <p className="pm-Beside-hint">{text}</p>;
}

/** Milliseconds until a run is asked for: who walks along a list does not ask for each. */
const SETTLED = 200;

export function Beside({ here, panel, hint, log }: IProps): React.JSX.Element {
  return (
    <HereContext.Provider value={here}>
      <UseSignal signal={panel.selectedChanged}>
        {() => <Settled run={panel.selected} hint={hint} log={log} />}
      </UseSignal>
    </HereContext.Provider>
  );
}

interface ISettledProps {
  run: number | null;
  hint: string;
  log: boolean;
}

function Settled({ run, hint, log }: ISettledProps): React.JSX.Element {
  const [settled, setSettled] = React.useState(run);
  const place = React.useRef<HTMLDivElement>(null);
  const [isSeen, setIsSeen] = React.useState(false);
  React.useEffect(() => {
    if (place.current === null) {
      return;
    }
    // In a panel that is folded away nothing is asked for.
    const observer = new ResizeObserver(([entry]) => {
      setIsSeen((entry?.contentRect.width ?? 0) > 0);
    });
    observer.observe(place.current);
    return () => {
      observer.disconnect();
    };
  }, []);
  React.useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(run);
    }, SETTLED);
    return () => {
      clearTimeout(timer);
    };
  }, [run]);
  return (
    <div ref={place} className="pm-Screen pm-Beside">
      {settled === null || !isSeen ? (
        hintBeside(hint)
      ) : (
        <React.Suspense fallback={null}>
          <RunBeside key={settled} run={settled} log={log} />
        </React.Suspense>
      )}
    </div>
  );
}
