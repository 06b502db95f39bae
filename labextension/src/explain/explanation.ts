/** Any failure as a person reads it: the thing, the reason, the next step. */

import type { TranslationBundle } from '@jupyterlab/translation';

import { HalfProblem, NotReady, Refused, ServerUnreachable, UnexpectedAnswer } from '../api/errors';

export interface IExplanation {
  title: string;
  /** Sentences; commands stand between backticks. */
  text: string[];
}

const INSTALL = '`python -m pip install --upgrade research-process-manager`';
const ENABLE = '`jupyter server extension enable pm_server`';
const RESTART = '`jupyter lab`';

/** Explain an error of api/, or any other. */
export function explained(error: unknown, trans: TranslationBundle): IExplanation {
  if (error instanceof HalfProblem) {
    return HALF[error.kind](trans);
  }
  if ((error instanceof Refused && isOfJupyter(error)) || error instanceof UnexpectedAnswer) {
    const known = BY_STATUS[error.status];
    if (known !== undefined) {
      return known(trans);
    }
  }
  if (error instanceof Refused) {
    return refused(error, trans);
  }
  if (error instanceof UnexpectedAnswer) {
    return {
      title: trans.__('Something unexpected happened'),
      text: [
        trans.__('The server gave an answer that cannot be read (status %1).', error.status),
        trans.__('Try again; if it stays so, the log of the Jupyter server may say more.')
      ]
    };
  }
  if (error instanceof ServerUnreachable) {
    return {
      title: trans.__('The Jupyter server does not answer'),
      text: [trans.__('Check that it still runs, then try again.')]
    };
  }
  return {
    title: trans.__('Something unexpected happened'),
    text: [error instanceof Error ? error.message : String(error)]
  };
}

/** Whether it was refused before our half looked at it. */
function isOfJupyter({ refusal }: Refused): boolean {
  return refusal.error === 'HTTPError';
}

const loggedOut = (trans: TranslationBundle): IExplanation => ({
  title: trans.__('You are not logged in any more'),
  text: [trans.__('Reload this page and log in; what is drawn is kept.')]
});

const between = (trans: TranslationBundle): IExplanation => ({
  title: trans.__('Jupyter cannot be reached'),
  text: [
    trans.__('Something between this page and Jupyter does not get an answer from it: try again.')
  ]
});

/** What a status means whoever answers with it. */
const BY_STATUS: Partial<Record<number, (trans: TranslationBundle) => IExplanation>> = {
  401: loggedOut,
  403: loggedOut,
  502: between,
  503: between,
  504: between
};

function refused(error: Refused, trans: TranslationBundle): IExplanation {
  const { message, hint, problems } = error.refusal;
  const title = titleOf(error, trans);
  const lines = problems.length > 0 ? problems.map(problem => problem.message) : [message];
  return { title, text: hint === null ? lines : [...lines, hint] };
}

function titleOf(error: Refused, trans: TranslationBundle): string {
  if (error instanceof NotReady && error.lacking === 'workspace') {
    return trans.__('No workspace');
  }
  return TITLES[error.refusal.error]?.(trans, error.refusal) ?? trans.__('That did not work');
}

type Title = (trans: TranslationBundle, refusal: Refused['refusal']) => string;

const TITLES: Partial<Record<string, Title>> = {
  NotFound: trans => trans.__('Not found'),
  Conflict: trans => trans.__('Changed meanwhile'),
  Problems: (trans, { problems }) =>
    problems.length === 1 ? trans.__('Something is wrong') : trans.__('Several things are wrong'),
  DatabaseUnavailable: trans => trans.__('The database does not answer'),
  EngineUnavailable: trans => trans.__('A program is missing'),
  StoreUnavailable: trans => trans.__('The run store cannot be written'),
  Unexpected: trans => trans.__('Something unexpected happened')
};

const HALF: Record<HalfProblem['kind'], (trans: TranslationBundle) => IExplanation> = {
  missing: trans => ({
    title: trans.__('The server half is missing'),
    text: [
      trans.__(
        'This page has the Research Process Manager, but the Jupyter server behind it does not.'
      ),
      trans.__('Install it where Jupyter runs: %1', INSTALL),
      trans.__('Switch it on: %1', ENABLE),
      trans.__('Then restart Jupyter and reload this page.')
    ]
  }),
  older: trans => ({
    title: trans.__('The server half is older than this page'),
    text: [
      trans.__('It was updated while Jupyter was running, or is installed somewhere else too.'),
      trans.__('Update it where Jupyter runs: %1', INSTALL),
      trans.__('Then restart Jupyter, %1, and reload this page.', RESTART)
    ]
  }),
  newer: trans => ({
    title: trans.__('This page is older than the server half'),
    text: [trans.__('The Research Process Manager was updated: reload this page.')]
  })
};

/** The pieces of a sentence; every second one is a command that stood between backticks. */
export function pieces(sentence: string): string[] {
  return sentence.split(/`([^`]+)`/);
}

/** The first command of an explanation. */
export function firstCommand(explanation: IExplanation): string | undefined {
  return explanation.text
    .map(sentence => pieces(sentence)[1])
    .find(command => command !== undefined);
}
