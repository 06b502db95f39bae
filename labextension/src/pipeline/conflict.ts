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

/** What a refusal to save means: a conflict with what is saved now, or the error as it is. */
export async function conflictOf(api: IApi, error: unknown, name: string): Promise<unknown> {
  if (!(error instanceof Refused) || (error.status !== 409 && error.status !== 404)) {
    return error;
  }
  try {
    return new TemplateConflict(await getTemplate(api, name), name);
  } catch (again) {
    return again instanceof Refused && again.status === 404
      ? new TemplateConflict(null, name)
      : error;
  }
}
