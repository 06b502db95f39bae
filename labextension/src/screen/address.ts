/** Addresses that open one of our screens in any Lab of this server. */

import { PageConfig, URLExt } from '@jupyterlab/coreutils';

/** The address that opens `what`: run-47, plan-12. */
export function addressOf(what: string): string {
  return `${URLExt.join(PageConfig.getBaseUrl(), 'lab')}?pm=${encodeURIComponent(what)}`;
}
