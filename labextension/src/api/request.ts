/** The only place that talks HTTP. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { HalfProblem, isRefusal, Refused, ServerUnreachable, UnexpectedAnswer } from './errors';

/**
 * Ask the server half, and turn every kind of failure into one of our errors.
 *
 * @throws see IApi.request
 */
export async function request<T>(
  path: string,
  init: RequestInit,
  settings: ServerConnection.ISettings
): Promise<T> {
  const url = URLExt.join(settings.baseUrl, 'pm/api', path);
  let status: number;
  let text: string;
  try {
    const response = await ServerConnection.makeRequest(url, init, settings);
    status = response.status;
    text = await response.text();
  } catch {
    throw new ServerUnreachable();
  }
  const body = parsed(text);
  if (status >= 200 && status < 300 && body !== undefined) {
    return body as T;
  }
  if (isRefusal(body)) {
    throw new Refused(status, body);
  }
  // Our half answers every address below pm/api in its own words; anybody else's 404 means that
  // it is not there.
  throw status === 404 ? new HalfProblem('missing') : new UnexpectedAnswer(status);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
