/** Two people save one pipeline: what the second is told. */

import { Refused } from '../api/errors';
import type { ITemplate } from '../api/templates';
import { getTemplate } from '../api/templates';
import type { IApi } from '../tokens';

/** A template was saved by somebody else since this tab read it. */
export class TemplateConflict extends Error {
  constructor(
    /** What is saved now; null: it was deleted. */
    readonly theirs: ITemplate | null,
    readonly templateName: string
  ) {
    super(`The pipeline "${templateName}" was changed by somebody else meanwhile.`);
    this.name = 'TemplateConflict';
  }
}

/**
 * What a refusal to save means: a conflict with what is saved now, or the error as it is.
 *
 * @param expected - the revision that was to be replaced; where that is still what is saved, nobody
 *   came between, and the refusal says itself what is wrong
 */
export async function conflictOf(
  api: IApi,
  error: unknown,
  name: string,
  expected: string | null
): Promise<unknown> {
  if (!(error instanceof Refused) || (error.status !== 409 && error.status !== 404)) {
    return error;
  }
  try {
    const theirs = await getTemplate(api, name);
    return theirs.revision === expected ? error : new TemplateConflict(theirs, name);
  } catch (again) {
    return again instanceof Refused && again.status === 404 && expected !== null
      ? new TemplateConflict(null, name)
      : error;
  }
}
