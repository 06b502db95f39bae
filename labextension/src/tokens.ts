/** Where the plugins of this extension meet each other. */

import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { HalfProblem } from './api/errors';
import type { IStatus } from './api/status';
import type { Screens } from './screen/screens';

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

/** Something changed: look at it again. */
export interface IChange {
  /** run, plan (the plan itself), tree (its planned runs), template, method, module, checked. */
  kind: string;
  id: number;
  /** Of a run or a plan; `deleted` for what is gone. */
  status: string | null;
  plan: number | null;
  /** Of a run in a plan: its planned run and its step. */
  planned: number | null;
  step: string | null;
}

/** How this page hears of changes. */
export type LiveMode = 'off' | 'connecting' | 'live' | 'polling';

/** What changes in the workspace, whoever changes it; one connection per page. */
export interface ILive {
  readonly mode: LiveMode;
  readonly modeChanged: ISignal<ILive, LiveMode>;

  /** Emits changes; `everything` when it is not known what has changed meanwhile. */
  readonly changed: ISignal<ILive, readonly IChange[] | 'everything'>;

  /** Listen until the last holder lets go. */
  hold(): IDisposable;
}

export const ILive = new Token<ILive>(
  'research-process-manager:ILive',
  'What changes in the workspace of the Research Process Manager.'
);

/** Opens the tabs of this extension. */
export type IScreens = Screens;

export const IScreens = new Token<IScreens>(
  'research-process-manager:IScreens',
  'Opens the tabs of the Research Process Manager.'
);
