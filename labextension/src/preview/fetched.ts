/** How much of Nextflow was fetched while a plan is being submitted: the first one waits for it. */

import { nextflowState } from '../api/nextflow';
import type { IApi } from '../tokens';

/** How often it is looked at. */
const LOOK_MS = 1_000;

/** Files of Nextflow that are there, and how many it takes. */
export interface IFetched {
  readonly files: number;
  readonly of: number;
}

/**
 * Tell until the end of some work how much of Nextflow is there, as long as some of it is missing.
 *
 * @param tell - called with null when nothing of it is missing, and at the end
 */
export async function telling<T>(
  api: IApi,
  tell: (fetched: IFetched | null) => void,
  work: () => Promise<T>
): Promise<T> {
  let isAsking = false;
  let isOver = false;
  const look = async (): Promise<void> => {
    if (isAsking) {
      return;
    }
    isAsking = true;
    try {
      const { ready, files, of } = await nextflowState(api);
      if (!isOver) {
        tell(ready || files === null || of === null ? null : { files, of });
      }
    } catch {
      // What is being submitted says what is wrong.
    } finally {
      isAsking = false;
    }
  };
  const timer = window.setInterval(() => void look(), LOOK_MS);
  try {
    return await work();
  } finally {
    isOver = true;
    window.clearInterval(timer);
    tell(null);
  }
}
