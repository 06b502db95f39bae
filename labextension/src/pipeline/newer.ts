/** What a newer program wrote is shown, and goes nowhere from here: what was not read would be missing. */

import type { TranslationBundle } from '@jupyterlab/translation';

/** Why nothing is made of a pipeline that was written by a newer program. */
export function newerError(trans: TranslationBundle): Error {
  return new Error(
    trans.__(
      'This pipeline was written by a newer program: what this page does not understand of it would be missing. Update the Research Process Manager, then run or export it.'
    )
  );
}
