/** Where the plugins of this extension meet each other. */

import { Token } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';

import type { HalfProblem } from './api/errors';
import type { IStatus } from './api/status';

/** The way to the server half. */
export interface IApi {
  /** Emits when the server half is missing or of another version than this page. */
  readonly halfProblem: ISignal<IApi, HalfProblem>;

  /**
   * Ask the server half.
   *
   * @param path - what follows `pm/api/`, without a leading slash
   * @param init - method and body; none of both is a GET
   * @throws ServerUnreachable when nothing answers
   * @throws HalfProblem when the server half is missing
   * @throws Refused when the answer is a no; it says what and why
   */
  request<T>(path: string, init?: RequestInit): Promise<T>;

  /**
   * The bytes of a file.
   *
   * @throws what `request` throws
   */
  bytes(path: string, headers?: Record<string, string>): Promise<ArrayBuffer>;

  /** The address of `path`, for pictures and for links that save. */
  url(path: string): string;

  /**
   * What is there and what is missing, and the marks of all states.
   *
   * @throws what `request` throws, and HalfProblem when the server half is older than this page
   */
  status(): Promise<IStatus>;
}

export const IApi = new Token<IApi>(
  'research-process-manager:IApi',
  'The way to the server half of the Research Process Manager.'
);
