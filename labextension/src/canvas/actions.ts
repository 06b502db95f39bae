/** What a canvas asks for that is done elsewhere. */

import type { IPoint } from '../pipeline/document';

/** What is done outside the canvas. */
export interface ICanvasActions {
  /** Show the runs of a step of the viewed plan; the point is where it was pressed. */
  readonly unfold: (step: string, at: IPoint) => void;
  /** Show the log of the first failed run of a step. */
  readonly openFailure: (step: string) => void;
  /** Show what was logged as a warning or an error by the runs of a step. */
  readonly openWarnings: (step: string) => void;
  /** Choose one of all runs as an input. */
  readonly chooseRun: (step: string, input: string) => void;
  /** Choose a file as an input; absent where there is nothing to choose it in. */
  readonly chooseFile?: (step: string, input: string) => void;
  /** Edit the values that are tried in branches of a step. */
  readonly editBranches: (step: string) => void;
}
