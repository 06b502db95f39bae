/** What is being done for a preview, once it takes longer than a second. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PreviewModel } from './model';

/** What is being done, once it takes longer than a second; a look can be stopped. */
export function Doing(props: {
  model: PreviewModel;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { model, trans } = props;
  const { doing } = model;
  const [seconds, setSeconds] = React.useState(0);
  const isBusy = doing !== null;
  React.useEffect(() => {
    if (!isBusy) {
      return undefined;
    }
    // One clock from the first thing to the last: somebody waits for all of them.
    const started = Date.now();
    const timer = window.setInterval(() => {
      setSeconds(Math.floor((Date.now() - started) / 1000));
    }, 250);
    return () => {
      window.clearInterval(timer);
      setSeconds(0);
    };
  }, [isBusy]);
  if (seconds < 1 || doing === null) {
    return null;
  }
  const runs = (model.preview?.counts.total ?? 0).toLocaleString();
  const text = {
    looking:
      model.preview === null
        ? trans.__('Looking at what would run: %1 s', seconds)
        : trans.__('Looking again at %1 runs: %2 s', runs, seconds),
    submitting:
      model.fetched === null
        ? trans.__('Starting the plan: %1 s', seconds)
        : trans.__(
            'Fetching Nextflow, once for all plans (%1 of %2 files): %3 s',
            model.fetched.files,
            model.fetched.of,
            seconds
          ),
    saving: trans.__('Saving the draft of %1 runs: %2 s', runs, seconds),
    other: trans.__('Waiting for the server: %1 s', seconds)
  }[doing];
  return (
    <span className="pm-Preview-doing">
      {text}{' '}
      {doing === 'looking' && model.canStop && (
        <button
          type="button"
          className="pm-TextButton"
          onClick={() => {
            model.stop();
          }}
        >
          {trans.__('Stop, change nothing')}
        </button>
      )}
    </span>
  );
}
