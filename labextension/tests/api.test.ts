import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { Api } from '../src/api/api';
import { HalfProblem, Refused, ServerUnreachable, UnexpectedAnswer } from '../src/api/errors';
import { listPlans } from '../src/api/plans';
import { explained } from '../src/explain/explanation';
import type { Answers } from './server';
import { PLAN, REFUSAL, server, STATUS } from './server';

function api(answers: Answers): Api {
  return new Api(server(answers).settings);
}

describe('a request', () => {
  it('goes below pm/api of the base address', async () => {
    const { settings, requests } = server({ '/base/pm/api/plans': { body: { plans: [PLAN] } } });
    expect(await listPlans(new Api(settings))).toEqual([PLAN]);
    expect(requests[0]?.method).toBe('GET');
  });

  it('that is refused keeps the reason, the hint and the status', async () => {
    const asked = api({ '/base/pm/api/plans': { status: 503, body: REFUSAL } }).request('plans');
    const error = await asked.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ status: 503, refusal: REFUSAL });
  });

  it('whose 404 is in our words is a refusal', async () => {
    const body = { ...REFUSAL, error: 'NotFound' };
    const asked = api({ '/base/pm/api/plans': { status: 404, body } }).request('plans');
    await expect(asked).rejects.toBeInstanceOf(Refused);
  });

  it('whose 404 is in the words of somebody else tells that our half is missing', async () => {
    const told: HalfProblem[] = [];
    const asked = api({});
    asked.halfProblem.connect((_, problem) => told.push(problem));
    await expect(asked.request('plans')).rejects.toMatchObject({ kind: 'missing' });
    expect(told.map(problem => problem.kind)).toEqual(['missing']);
  });

  it('that nobody answers tells that the server is out of reach', async () => {
    const asked = api({
      '/base/pm/api/plans': () => {
        throw new TypeError('Failed to fetch');
      }
    });
    await expect(asked.request('plans')).rejects.toBeInstanceOf(ServerUnreachable);
  });

  it.each([
    [500, '<html>Oops</html>'],
    [200, '<html>A login page</html>'],
    [502, { message: 'no error name' }]
  ])('answered with %i and %j is an unexpected answer', async (status, body) => {
    const asked = api({ '/base/pm/api/plans': { status, body } });
    await expect(asked.request('plans')).rejects.toBeInstanceOf(UnexpectedAnswer);
  });
});

describe('an answer of somebody else than our half', () => {
  const http = { error: 'HTTPError', message: 'Forbidden', hint: null, problems: [] };
  it.each([
    [401, http, 'You are not logged in any more'],
    [403, http, 'You are not logged in any more'],
    [403, '<html>Log in</html>', 'You are not logged in any more'],
    [502, '<html>Bad gateway</html>', 'Jupyter cannot be reached'],
    [504, '<html>Timeout</html>', 'Jupyter cannot be reached'],
    [500, '<html>Oops</html>', 'Something unexpected happened'],
    // Our half says itself what is the matter.
    [503, REFUSAL, 'The database does not answer'],
    [403, { ...REFUSAL, error: 'NotFound' }, 'Not found']
  ])('%i with %j is explained, with what to do', async (status, body, title) => {
    const asked = api({ '/base/pm/api/plans': { status, body } }).request('plans');
    const error = await asked.catch((reason: unknown) => reason);
    const said = explained(error, nullTranslator.load(''));
    expect(said.title).toBe(title);
    expect(said.text.join(' ')).toMatch(/again|log in|`/);
  });
});

describe('the status', () => {
  it('of a server half of the same level is handed on', async () => {
    expect(await api({ '/base/pm/api/status': { body: STATUS } }).status()).toEqual(STATUS);
  });

  it.each([
    [0, 'older'],
    [99, 'newer']
  ])('of level %i tells that the server half is %s', async (level, kind) => {
    const told: HalfProblem[] = [];
    const asked = api({ '/base/pm/api/status': { body: { ...STATUS, api_level: level } } });
    asked.halfProblem.connect((_, problem) => told.push(problem));
    await expect(asked.status()).rejects.toBeInstanceOf(HalfProblem);
    expect(told[0]?.kind).toBe(kind);
  });
});
