/** Where the plugins of this extension meet each other. */

import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type { IPlanDetails, IPreview, IStoredDraft } from './api/drafts';
import type { HalfProblem, IProblem } from './api/errors';
import type { IStatus } from './api/status';
import type { Screens } from './screen/screens';
import type { ICatalogue } from './pipeline/catalogue';
import type { IDraft, IPipeline, IPlanRequest } from './pipeline/document';
import type { IOrigin } from './pipeline/unsaved';

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
   * @param init - headers, and method and body where it is made from what is sent
   * @throws what `request` throws
   */
  bytes(path: string, init?: RequestInit): Promise<ArrayBuffer>;

  /** The address of `path`, for pictures and for links that save. */
  url(path: string): string;

  /** Open a WebSocket to `path`. */
  socket(path: string): WebSocket;

  /**
   * What is there and what is missing, and the marks of all states.
   *
   * @param quiet - whether nobody is to be told that the server half is missing
   * @throws what `request` throws, and HalfProblem when the server half is older than this page
   */
  status(quiet?: boolean): Promise<IStatus>;
}

export const IApi = new Token<IApi>(
  'research-process-manager:IApi',
  'The way to the server half of the Research Process Manager.'
);

/** Something changed: look at it again. */
export interface IChange {
  /**
   * run, plan (the plan itself), tree (its planned runs), template, method, module, checked, log
   * (of a running run that somebody reads), or drawing (an unsaved one, whichever).
   */
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

  /** Tell what this page did itself, at once: it may not be heard, or only later. */
  tell(changes: readonly IChange[]): void;

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

/** How far a step of a plan is. */
export interface IStepState {
  /** State of a run -> number of the step's runs in it. */
  readonly counts: Readonly<Record<string, number>>;
  /** When its first run began and its last one ended, in ISO 8601; null, not yet or none ran. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** Seconds between the two in which none of its runs was at work, as before a retry. */
  readonly idle: number;
  /** Runs with warnings and with errors in their logs. */
  readonly warned: number;
  readonly erred: number;
}

/** By step. */
export type StepStates = ReadonlyMap<string, IStepState>;

/**
 * One pipeline tab: what is drawn, and the only way to change it.
 *
 * Panels read from it and commit to it; the canvas and the step table do the same. Edits that panels
 * need are pure functions in pipeline/edits.ts.
 */
export interface IPipelineModel {
  /** The registered methods. */
  readonly catalogue: ICatalogue;
  /** What is shown: the draft, or the pipeline of the plan that is viewed. Immutable. */
  readonly document: IPipeline;
  /** Samples, branches and the other wishes of the draft plan. Immutable. */
  readonly request: IPlanRequest;
  /** Both together: always the draft, also while a plan is viewed. */
  readonly draft: IDraft;
  /** Emits when any of them, the name, the saved mark, the catalogue or the view is another. */
  readonly changed: ISignal<IPipelineModel, void>;
  /** A plan is viewed, or the document is of a newer program: nothing can be committed. */
  readonly readOnly: boolean;
  /** The name of the pipeline; empty before it has one. */
  readonly name: string;
  /** Whether the drawing differs from what is saved under its name. */
  readonly dirty: boolean;
  readonly isDisposed: boolean;

  /**
   * Make one edit that undo takes back.
   *
   * @param name - what it does, in the person's language: "set sigma"
   * @param edit - the same snapshot back means that nothing changes
   * @param merge - edits with the same key in quick succession become one
   * @returns whether anything changed
   */
  commit(name: string, edit: (document: IPipeline) => IPipeline, merge?: string): boolean;
  /** The same for samples, branches and other wishes. */
  commitRequest(
    name: string,
    edit: (request: IPlanRequest) => IPlanRequest,
    merge?: string
  ): boolean;
  /** The same for both at once. */
  commitDraft(name: string, edit: (draft: IDraft) => IDraft, merge?: string): boolean;
  /** What undo would take back; null, nothing. */
  readonly undoName: string | null;
  readonly redoName: string | null;
  undo(): void;
  redo(): void;

  /** Names of the selected steps. */
  readonly selection: ReadonlySet<string>;
  readonly selectionChanged: ISignal<IPipelineModel, void>;
  select(names: Iterable<string>): void;
  /** Select a step and bring it into view. */
  reveal(step: string): void;

  /** What the server finds wrong with the draft; empty while a plan is viewed. */
  readonly problems: readonly IProblem[];
  /** What the draft would run and reuse; null before the first answer and for an empty one. */
  readonly preview: IPreview | null;
  /** Whether problems and preview are about what is drawn now. */
  readonly isChecked: boolean;
  /** Why the server could not check; null, it could. */
  readonly checkError: unknown;
  /** Emits when one of these four is another. */
  readonly checked: ISignal<IPipelineModel, void>;
  /** Check again now: what is reused depends also on what ran meanwhile. */
  check(): void;

  /** The plan under which the draft is stored; null before `storeDraft`. */
  readonly draftPlan: number | null;
  /**
   * Store the draft as a plan, as it is drawn now, so that it can be previewed and submitted.
   *
   * @throws Refused with the problems where there are any
   */
  storeDraft(): Promise<IStoredDraft>;
  /**
   * The stored draft was changed elsewhere (in its preview) and has this revision now.
   *
   * @param before - note it only where this is the revision that was seen
   * @returns whether it was noted
   */
  noteDraft(plan: number, revision: string, before?: string): boolean;
  /** The stored draft was submitted: the next `storeDraft` makes a new plan. */
  forgetDraft(): void;

  /** The plan that is looked at instead of the draft. */
  readonly viewing: { readonly plan: IPlanDetails; readonly document: IPipeline } | null;
  /** Look at a plan (read-only, with the states of its runs), or at the draft again (null). */
  view(plan: number | null): Promise<void>;
  /** States of the runs of the viewed plan, by step. */
  readonly states: StepStates;
  readonly statesChanged: ISignal<IPipelineModel, void>;
  setStates(states: StepStates, status?: IPlanDetails['status']): void;

  /** The saved pipeline that this is, and the revision that was seen. */
  readonly template: IOrigin | null;
  /** The saved pipeline that this is has another name now. */
  renamed(template: { readonly name: string; readonly revision: string }): void;
}

/** Which pipeline tabs there are, and the one that was last in front. */
export interface IPipelineTracker {
  readonly current: IPipelineModel | null;
  readonly currentChanged: ISignal<IPipelineTracker, IPipelineModel | null>;
  /** All open pipelines. */
  readonly models: readonly IPipelineModel[];
  /** The registered methods: the same for all pipelines, also when none is open. */
  readonly catalogue: ICatalogue;
  /** Bring the tab of an open pipeline to the front. */
  show(model: IPipelineModel): void;
}

export const IPipelineTracker = new Token<IPipelineTracker>(
  'research-process-manager:IPipelineTracker',
  'The pipelines that are open in the Research Process Manager.'
);
