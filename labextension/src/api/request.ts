/** The only place that talks HTTP. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { HalfProblem, isRefusal, Refused, ServerUnreachable, UnexpectedAnswer } from './errors';

/** The address of a path below `pm/api/`. */
export function addressOf(path: string, settings: ServerConnection.ISettings): string {
  return URLExt.join(settings.baseUrl, 'pm/api', path);
}

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
  const [status, text] = await answered(path, init, settings, response => response.text());
  const body = parsed(text);
  if (status >= 200 && status < 300 && body !== undefined) {
    return body as T;
  }
  throw failure(status, body);
}

/**
 * Ask for bytes.
 *
 * @throws see IApi.request
 */
export async function requestBytes(
  path: string,
  init: RequestInit,
  settings: ServerConnection.ISettings
): Promise<ArrayBuffer> {
  const read = (response: Response): Promise<ArrayBuffer> => response.arrayBuffer();
  const [status, bytes] = await answered(path, init, settings, read);
  // An empty file has no first byte that a range could begin with.
  if (status === 416) {
    return new ArrayBuffer(0);
  }
  if (status >= 200 && status < 300) {
    return bytes;
  }
  throw failure(status, parsed(new TextDecoder().decode(bytes)));
}

/** Open a WebSocket below `pm/api/`. */
export function openSocket(path: string, settings: ServerConnection.ISettings): WebSocket {
  const url = URLExt.join(settings.wsUrl, 'pm/api', path);
  const { token } = settings;
  // As for kernels: the cookie is enough where page and server have one address.
  const more = settings.appendToken && token !== '' ? `token=${encodeURIComponent(token)}` : '';
  const address = more === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${more}`;
  return new settings.WebSocket(address);
}

async function answered<T>(
  path: string,
  init: RequestInit,
  settings: ServerConnection.ISettings,
  read: (response: Response) => Promise<T>
): Promise<[number, T]> {
  try {
    const response = await ServerConnection.makeRequest(addressOf(path, settings), init, settings);
    return [response.status, await read(response)];
  } catch {
    throw new ServerUnreachable();
  }
}

function failure(status: number, body: unknown): Error {
  if (isRefusal(body)) {
    return new Refused(status, body);
  }
  // Our half answers every address below pm/api in its own words; anybody else's 404 means that
  // it is not there.
  return status === 404 ? new HalfProblem('missing') : new UnexpectedAnswer(status);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
