/** What came of the last thing that was asked of a plan. */

import React from 'react';

import type { Plan } from '../api/plans';
import { useHere } from '../screen/here';
import { ACTIVE } from './actions';
import { endText } from './words';

export interface ISaid {
  /** Empty, nothing is to be said. */
  readonly text: string;
  readonly busy: boolean;
  /** Why it could not be done; null, it could. */
  readonly error: unknown;
  /** Do something that answers with what to say. */
  readonly act: (work: () => Promise<string>) => void;
}

/**
 * Do things with a plan, and say what came of it until the plan has ended: then how it ended.
 *
 * @param refresh - looks at the plan again afterwards
 */
export function useSaid(plan: Plan, refresh: () => Promise<void>): ISaid {
  const { trans } = useHere();
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState<unknown>(null);
  const [text, setText] = React.useState('');
  const [status, setStatus] = React.useState(plan.status);
  if (status !== plan.status) {
    setStatus(plan.status);
    if (text !== '' && ACTIVE.has(status) && !ACTIVE.has(plan.status)) {
      setText(endText(plan, trans));
    }
  }
  const act = (work: () => Promise<string>): void => {
    setBusy(true);
    setError(null);
    setText('');
    work()
      .then(setText, setError)
      .finally(() => {
        setBusy(false);
        void refresh();
      });
  };
  return { text, busy, error, act };
}
