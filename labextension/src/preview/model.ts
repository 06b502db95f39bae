/** A stored draft as it is looked at: its preview, its wishes, and its submission. */

import { VDomModel } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Refused } from '../api/errors';
import type { IMarks } from '../api/marks';
import type { PlanDetails, PlannedRun } from '../api/plans';
import { getPlan, plannedRuns } from '../api/plans';
import type { IDraftParts, Plan, PlanTreeNode, PreviewWithTree } from '../api/preview';
import { editDraft, previewDraft, previewRequest, submitDraft } from '../api/preview';
import type { IPlanRequest } from '../pipeline/document';
import { readRequest } from '../pipeline/reading';
import type { IApi } from '../tokens';

/** Samples of the run tree in one answer. */
const PAGE = 50;
const MOST = 1000;

export class PreviewModel extends VDomModel {
  constructor(
    private readonly _api: IApi,
    readonly planId: number
  ) {
    super();
  }

  /** The draft as it is stored; null until it was read. */
  get draft(): PlanDetails | null {
    return this._draft;
  }

  get preview(): PreviewWithTree | null {
    return this._preview;
  }

  /** The part of the run tree that was asked for. */
  get nodes(): readonly PlanTreeNode[] {
    return this._nodes;
  }

  /** Where the run tree goes on; null, all of it is here. */
  get next(): number | null {
    return this._next;
  }

  get marks(): IMarks | null {
    return this._marks;
  }

  /** What went wrong last; what was read before stays. */
  get error(): unknown {
    return this._error;
  }

  /** What would now run otherwise than was shown, and has not been agreed to. */
  get difference(): string | null {
    return this._difference;
  }

  /** The plan, once it was submitted. */
  get started(): Plan | null {
    return this._started;
  }

  get busy(): boolean {
    return this._waiting > 0;
  }

  /** What is being done; null, nothing. */
  get doing(): 'looking' | 'saving' | 'other' | null {
    return this.busy ? this._doing : null;
  }

  /** What is asked for, also while the server has not answered yet: a tick shows at once. */
  get request(): IPlanRequest {
    return this._wanted ?? readRequest(this._draft?.request);
  }

  /** Emits when the stored draft was changed here. */
  get draftChanged(): ISignal<this, PlanDetails> {
    return this._draftChanged;
  }

  /** Read the draft and look at it again. Never throws: what went wrong becomes `error`. */
  async load(): Promise<void> {
    await this._try(async () => {
      this._difference = null;
      const status = await this._api.status();
      this._marks = status.marks;
      this._draft = await getPlan(this._api, this.planId);
      if (this._draft.status === 'draft') {
        const part = { first: 0, limit: this._limit };
        this._does('looking');
        this._take(await previewDraft(this._api, this.planId, part));
      }
    });
  }

  /** Read the next part of the run tree. */
  async more(): Promise<void> {
    const first = this._next;
    if (first === null) {
      return;
    }
    await this._try(async () => {
      const found = await previewDraft(this._api, this.planId, { first, limit: PAGE });
      this._nodes = [...this._nodes, ...(found.tree?.nodes ?? [])];
      this._next = found.tree?.next ?? null;
    });
  }

  /** Change the stored draft; what else was changed meanwhile by somebody is never overwritten. */
  async change(parts: IDraftParts): Promise<void> {
    const { request } = parts;
    if (request !== undefined) {
      await this._ask(readRequest(request));
      return;
    }
    await this._try(() => this._store(parts));
  }

  /** Whether what is being looked at was asked for just now, and can be left. */
  get canStop(): boolean {
    return this._looking !== null;
  }

  /** Stop looking at what was asked for last: it is not asked for any more. */
  stop(): void {
    this._wanted = null;
    this._looking?.abort();
    this._changed();
  }

  /** See what a request would come to, then store it; one that a newer one replaces is left. */
  private async _ask(request: IPlanRequest): Promise<void> {
    this._wanted = request;
    this._looking?.abort();
    await this._try(async () => {
      if (this._wanted !== request) {
        return;
      }
      const shown = { preview: this._preview, nodes: this._nodes, next: this._next };
      const looking = new AbortController();
      this._looking = looking;
      this._does('looking');
      try {
        const part = { first: 0, limit: this._limit };
        const { signal } = looking;
        this._take(await previewRequest(this._api, this.planId, request, part, signal));
      } catch (error) {
        if (looking.signal.aborted) {
          return;
        }
        throw error;
      } finally {
        this._looking = null;
      }
      this._does('saving');
      try {
        await this._store({ request });
      } catch (error) {
        // What is shown is what is stored.
        this._preview = shown.preview;
        this._nodes = shown.nodes;
        this._next = shown.next;
        throw error;
      }
    });
    if (this._wanted === request) {
      this._wanted = null;
      this._changed();
    }
  }

  private async _store(parts: IDraftParts): Promise<void> {
    if (this._draft !== null) {
      this._draft = await editDraft(this._api, this.planId, this._draft.revision, parts);
      this._difference = null;
      this._draftChanged.emit(this._draft);
    }
  }

  /** Run the draft as it is stored; `accept` is the difference that was shown. */
  async submit(accept?: string): Promise<void> {
    await this._try(async () => {
      try {
        this._started = await submitDraft(this._api, this.planId, accept);
        this._difference = null;
      } catch (error) {
        if (!(error instanceof Refused) || error.refusal.difference === undefined) {
          throw error;
        }
        this._difference = error.refusal.difference;
      }
    });
  }

  /** The planned runs of a step, with what is set for each. */
  readonly runsOf = (step: string, sample: string | null): Promise<readonly PlannedRun[]> =>
    plannedRuns(this._api, this.planId, {
      step: [step],
      limit: 1000,
      ...(sample === null ? {} : { sample: [sample] })
    }).then(page => page.planned_runs);

  /** As much of the tree as was shown stays shown. */
  private get _limit(): number {
    return Math.min(MOST, Math.max(PAGE, this._nodes.length));
  }

  private _does(what: 'looking' | 'saving'): void {
    this._doing = what;
    this._changed();
  }

  private _take(found: PreviewWithTree): void {
    this._preview = found;
    this._nodes = found.tree?.nodes ?? [];
    this._next = found.tree?.next ?? null;
  }

  private async _try(work: () => Promise<void>): Promise<void> {
    this._waiting++;
    this._error = null;
    this.stateChanged.emit();
    // One after the other: each change sends the revision that the one before it left.
    const turn = this._queue
      .then(() => {
        this._doing = 'other';
        return work();
      })
      .catch((error: unknown) => {
        this._error = error;
      });
    this._queue = turn;
    await turn;
    this._waiting--;
    this._changed();
  }

  private _changed(): void {
    if (!this.isDisposed) {
      this.stateChanged.emit();
    }
  }

  private _draft: PlanDetails | null = null;
  private _wanted: IPlanRequest | null = null;
  private _preview: PreviewWithTree | null = null;
  private _nodes: readonly PlanTreeNode[] = [];
  private _next: number | null = null;
  private _marks: IMarks | null = null;
  private _error: unknown = null;
  private _difference: string | null = null;
  private _started: Plan | null = null;
  private _waiting = 0;
  private _doing: 'looking' | 'saving' | 'other' = 'other';
  private _looking: AbortController | null = null;
  private _queue: Promise<void> = Promise.resolve();
  private readonly _draftChanged = new Signal<this, PlanDetails>(this);
}
