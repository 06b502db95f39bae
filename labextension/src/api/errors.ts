/** What can go wrong between the browser and the server half. */

/** One thing that is wrong, and where. */
export interface IProblem {
  message: string;
  step: string | null;
  edge: string | null;
  code: string;
  severity: 'error' | 'notice';
}

/** An error as the server half explains it. */
export interface IRefusal {
  /** The name of the error: NotFound, DatabaseUnavailable, … */
  error: string;
  message: string;
  /** The command or action that mends it; commands stand between backticks. */
  hint: string | null;
  problems: IProblem[];
  /** With error Changed: what is different from what the person was shown. */
  difference?: string;
  /** With error Reusable: the run that answers already. */
  run_id?: number;
}

export function isRefusal(body: unknown): body is IRefusal {
  return (
    typeof body === 'object' &&
    body !== null &&
    'error' in body &&
    typeof body.error === 'string' &&
    'message' in body &&
    typeof body.message === 'string' &&
    'problems' in body &&
    Array.isArray(body.problems)
  );
}

/** The server half answered no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly refusal: IRefusal
  ) {
    super(refusal.message);
    this.name = 'Refused';
  }
}

/** The server half runs, but its workspace or its database is missing. */
export class NotReady extends Refused {
  constructor(
    readonly lacking: 'workspace' | 'database',
    refusal: IRefusal
  ) {
    super(503, refusal);
    this.name = 'NotReady';
  }
}

/** No answer at all: the Jupyter server is down or out of reach. */
export class ServerUnreachable extends Error {
  constructor() {
    super('The Jupyter server does not answer.');
    this.name = 'ServerUnreachable';
  }
}

/** An answer that is neither yes nor an explained no. */
export class UnexpectedAnswer extends Error {
  constructor(readonly status: number) {
    super(`The server gave an answer that cannot be read (status ${status}).`);
    this.name = 'UnexpectedAnswer';
  }
}

/** The Jupyter server runs, but our half in it does not fit this page. */
export class HalfProblem extends Error {
  constructor(readonly kind: 'missing' | 'older' | 'newer') {
    super(`The server half of the Research Process Manager is ${kind}.`);
    this.name = 'HalfProblem';
  }
}
