/** The door to the server, answered by hand: only `fetch` is replaced. */

import { ServerConnection } from '@jupyterlab/services';

import type { IRefusal } from '../src/api/errors';
import type { IMarks } from '../src/api/marks';
import type { Plan } from '../src/api/plans';
import type { IStatus } from '../src/api/status';

export interface IAnswer {
  status?: number;
  /** Sent as JSON, unless it is text. */
  body: unknown;
}

export type Answers = Record<string, IAnswer | ((request: Request) => IAnswer | Promise<IAnswer>)>;

/** Settings of a server that gives these answers by path, and the requests it got. */
export function server(answers: Answers): {
  settings: ServerConnection.ISettings;
  requests: Request[];
} {
  const requests: Request[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    requests.push(request);
    const found = answers[new URL(request.url).pathname];
    const answer = typeof found === 'function' ? await found(request.clone()) : found;
    const { status = 200, body } = answer ?? { status: 404, body: '<html>Not found</html>' };
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  };
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost:8888/base/',
    fetch
  });
  return { settings, requests };
}

export const MARKS: IMarks = {
  run: [
    { state: 'completed', glyph: '●', token: 'success', said: 'completed' },
    { state: 'reused', glyph: '◆', token: 'info', said: 'reused' },
    { state: 'failed', glyph: '✕', token: 'error', said: 'failed' },
    { state: 'waiting', glyph: '○', token: 'neutral', said: 'waiting' }
  ],
  plan: [{ state: 'running', glyph: '◐', token: 'brand', said: 'running' }]
};

export const STATUS: IStatus = {
  version: '0.1.0',
  api_level: 1,
  workspace: '/somewhere',
  database: 'ready',
  problem: null,
  marks: MARKS
};

export const REFUSAL: IRefusal = {
  error: 'DatabaseUnavailable',
  message: 'The database is stopped.',
  hint: 'Start it with `pm db start`.',
  problems: []
};

export const PLAN: Plan = {
  plan_id: 12,
  name: 'cells',
  status: 'running',
  created_at: '2026-02-14T10:23:00+00:00',
  counts: { completed: 11, reused: 6, waiting: 9 },
  again: 0,
  kind: 'plan',
  error: null,
  notes: '',
  metadata: {},
  created_by: 'me',
  submitted_at: '2026-02-14T10:24:00+00:00',
  finished_at: null
};
