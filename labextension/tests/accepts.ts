/** What a parameter takes, as the server says it. */

import type { IAccepts } from '../src/api/methods';

export function accepts(kind: IAccepts['kind'], more: Partial<IAccepts> = {}): IAccepts {
  return { kind, said: kind, optional: false, soft: false, choices: [], items: [], ...more };
}
