/** Copy what had to be asked for first. */

import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

/**
 * Copy a text, and say so. Browsers let a page copy only for some seconds after a click, and do not
 * say that they refused.
 *
 * @throws Error when the click was too long ago
 */
export function copy(text: string, trans: TranslationBundle): string {
  if ('userActivation' in navigator && !navigator.userActivation.isActive) {
    throw new Error(
      trans.__('Not copied: the answer came so late that the browser refuses. Click again.')
    );
  }
  Clipboard.copyToSystem(text);
  return trans.__('Copied.');
}
