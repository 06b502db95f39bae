/** A time as people say it: "5 minutes ago". */

import { Time } from '@jupyterlab/coreutils';
import React from 'react';

/** It is said anew so often; minutes are the smallest that it says of what is long ago. */
const EVERY_MS = 30_000;

const EXACT = new Intl.DateTimeFormat(navigator.languages as string[], {
  dateStyle: 'medium',
  timeStyle: 'medium'
});

/** A time relative to now, also later; the exact one on hover. Null is a dash. */
export function Ago({ time }: { time: string | null }): React.JSX.Element {
  const [said, say] = React.useState('');
  // Saying a time takes longer than anything else in a long list.
  const exact = React.useMemo(() => (time === null ? '' : EXACT.format(new Date(time))), [time]);
  const first = React.useMemo(() => (time === null ? '' : Time.formatHuman(time)), [time]);
  React.useEffect(() => {
    if (time === null) {
      return;
    }
    const again = setInterval(() => {
      say(Time.formatHuman(time));
    }, EVERY_MS);
    return () => {
      clearInterval(again);
      say('');
    };
  }, [time]);
  return time === null ? (
    <>–</>
  ) : (
    <time dateTime={time} title={exact}>
      {said === '' ? first : said}
    </time>
  );
}
