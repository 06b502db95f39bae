/** One line that says which runs are wanted: `method:label status:failed sample:s1`. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRunsQuery } from '../api/runs';

/** What can stand before a colon. */
export const FILTER_KEYS = [
  'method',
  'module',
  'status',
  'sample',
  'plan',
  'step',
  'since',
  'log'
] as const;

/** Words with their key; `sample:"field 3"` keeps its blank. */
const WORD = /(?:(\w+):)?(?:"([^"]*)"?|(\S+))/g;

export interface IFilter {
  query: IRunsQuery;
  /** Why part of it is left out; null, all of it counts. */
  fault: string | null;
}

/** Read the line. A bare word is a method, KEY=VALUE is metadata; commas mean any of them. */
export function readFilter(line: string, trans: TranslationBundle): IFilter {
  const query: IRunsQuery = {};
  let fault: string | null = null;
  for (const [, key, inQuotes, plain] of line.matchAll(WORD)) {
    const value = inQuotes ?? plain ?? '';
    if (value === '') {
      continue;
    }
    switch (key) {
      case undefined:
        if (/^[^=]+=./.test(value)) {
          query.metadata = [...(query.metadata ?? []), value];
        } else {
          query.method = value;
        }
        break;
      case 'method':
      case 'module':
      case 'sample':
      case 'step':
      case 'since':
      case 'log':
        query[key] = value;
        break;
      case 'status':
        query.status = [...(query.status ?? []), ...value.split(',').filter(word => word !== '')];
        break;
      case 'plan':
        if (/^\d{1,9}$/.test(value)) {
          query.plan = Number(value);
        } else {
          fault = trans.__('A plan is named by its number, as in %1.', 'plan:12');
        }
        break;
      default:
        fault = trans.__('"%1" is not known; known are %2.', key, FILTER_KEYS.join(', '));
    }
  }
  return { query, fault };
}
