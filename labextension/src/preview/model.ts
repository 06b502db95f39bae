/** A stored draft as it is looked at: its preview, its wishes, and its submission. */

import { VDomModel } from '@jupyterlab/ui-components';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { Refused } from '../api/errors';
import type { IMarks } from '../api/marks';
import type { PlanDetails, PlannedRun } from '../api/plans';
import { getPlan } from '../api/plans';
import type { IDraftParts, Plan, PlanTreeNode, PreviewWithTree } from '../api/preview';
import { editDraft, previewDraft, previewRequest, submitDraft } from '../api/preview';
import type { IPlanRequest } from '../pipeline/document';
import { readRequest } from '../pipeline/reading';
import type { IApi } from '../tokens';
import type { IFetched } from './fetched';
import { telling } from './fetched';
import { plannedRun } from './planned_run';
import type { Doing } from './turns';
import { Turns } from './turns';

/** Samples of the run tree in one answer. */
const PAGE = 50;
const MOST = 1000;

/** What a person says of a plan in words of their own. */
export type Metadata = Readonly<Record<string, unknown>>;

/** A stored draft that was changed here. */
export interface IDraftChange {
  readonly draft: PlanDetails;
  /** The revision that it had. */
  readonly before: string;
  /** What is asked for is another, not only what is said of it. */
  readonly asks: boolean;
}

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
    return this._turns.error;
  }

  /** What would now run otherwise than was shown, and has not been agreed to. */
  get difference(): string | null {
    return this._difference;
  }

  /** The plan, once it was submitted. */
  get started(): Plan | null {
    return this._started;
  }

  /** Whether the server is waited for, be it for another look only. */
  get busy(): boolean {
    return this._turns.busy;
  }

  /** Whether what would run is being changed or submitted: what is shown is not what will be. */
  get isChanging(): boolean {
    return this._turns.isChanging;
  }

  /** What is being done; null, nothing. */
  get doing(): Doing | null {
    return this._turns.doing;
  }

  /** What of Nextflow was fetched when it was last looked at, while the first plan waits for it. */
  get fetched(): IFetched | null {
    return this._fetched;
  }

  /** What is asked for, also while the server has not answered yet: a tick shows at once. */
  get request(): IPlanRequest {
    return this._wanted ?? readRequest(this._draft?.request);
  }

  /** Emits when the stored draft was changed here. */
  get draftChanged(): ISignal<this, IDraftChange> {
    return this._draftChanged;
  }

  /**
   * Read the draft and look at it again. Never throws: what went wrong becomes `error`.
   *
   * @returns whether it could be looked at
   */
  load(): Promise<boolean> {
    // One that waits for its turn will see all that a second one would.
    this._nextLook ??= this._turns.take(() => {
      this._nextLook = null;
      return this._look();
    });
    return this._nextLook;
  }

  /** Look again; the difference that is shown is then known, and asked about no more. */
  async renew(): Promise<void> {
    const shown = this._difference;
    const revision = this._draft?.revision;
    if ((await this.load()) && shown !== null && this._draft?.revision === revision) {
      this._agreed = shown;
    }
  }

  /** Read the next part of the run tree. */
  async more(): Promise<void> {
    // Asked for twice it is read once.
    this._reading ??= this._turns.take(async () => {
      const first = this._next;
      if (first !== null) {
        const found = await previewDraft(this._api, this.planId, { first, limit: PAGE });
        this._nodes = [...this._nodes, ...(found.tree?.nodes ?? [])];
        this._next = found.tree?.next ?? null;
      }
    });
    await this._reading;
    this._reading = null;
  }

  /**
   * Change the stored draft; what else was changed meanwhile by somebody is never overwritten.
   *
   * @returns whether it is stored
   */
  async change(parts: IDraftParts): Promise<boolean> {
    const { request } = parts;
    return request === undefined ? this._save(() => parts) : this._ask(readRequest(request));
  }

  /** Change the metadata: `edit` gets what is stored when its turn has come. */
  async changeMetadata(edit: (now: Metadata) => Metadata): Promise<boolean> {
    return this._save(({ metadata }) => ({ metadata: { ...edit(metadata) } }));
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
  private async _ask(request: IPlanRequest): Promise<boolean> {
    this._wanted = request;
    this._looking?.abort();
    const isDone = await this._turns.change(async () => {
      if (this._wanted !== request) {
        return;
      }
      const shown = { preview: this._preview, nodes: this._nodes, next: this._next };
      const looking = new AbortController();
      this._looking = looking;
      this._turns.does('looking');
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
      this._turns.does('saving');
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
    return isDone;
  }

  /** Store what is said of the draft; what would run stays as it is shown. */
  private async _save(parts: (draft: PlanDetails) => IDraftParts): Promise<boolean> {
    const before = this._saving;
    const saving = this._turns.take(async () => {
      if (this._draft !== null) {
        await this._store(parts(this._draft));
      }
    });
    const all = Promise.all([before, saving]).then(saved => saved.every(Boolean));
    this._saving = all;
    const isSaved = await saving;
    if (this._saving === all) {
      this._saving = Promise.resolve(true);
    }
    return isSaved;
  }

  private async _store(parts: IDraftParts): Promise<void> {
    if (this._draft !== null) {
      const asks = parts.request !== undefined;
      const before = this._draft.revision;
      this._draft = await editDraft(this._api, this.planId, before, parts);
      this._difference = null;
      if (asks) {
        this._agreed = null;
      }
      this._draftChanged.emit({ draft: this._draft, before, asks });
    }
  }

  /**
   * Run the draft as it is stored, once what was said of it just now is stored too.
   *
   * @param accept - the difference that was shown; without it, one that was looked at by `renew`
   */
  async submit(accept?: string): Promise<void> {
    if (this._submitting) {
      return;
    }
    this._submitting = true;
    const saving = this._saving;
    await this._turns.change(async () => {
      if (!(await saving)) {
        // What could not be stored is told; it is no part of what would run now.
        return;
      }
      try {
        const agreed = accept ?? this._agreed ?? undefined;
        this._turns.does('submitting');
        this._started = await telling(this._api, this._tellFetched, () =>
          submitDraft(this._api, this.planId, agreed)
        );
        this._difference = null;
      } catch (error) {
        if (!(error instanceof Refused) || error.refusal.difference === undefined) {
          throw error;
        }
        this._difference = error.refusal.difference;
      }
      this._agreed = null;
    });
    this._submitting = false;
  }

  /** A planned run of a step, with what is set for it; null, it is not stored with the plan. */
  readonly runOf = async (
    key: string,
    step: string,
    sample: string | null
  ): Promise<PlannedRun | null> => plannedRun(this._api, this.planId, key, step, sample);

  private async _look(): Promise<void> {
    const status = await this._api.status();
    this._marks = status.marks;
    const draft = await getPlan(this._api, this.planId);
    if (draft.revision !== this._draft?.revision) {
      this._agreed = null;
    }
    this._draft = draft;
    if (draft.status === 'draft') {
      const part = { first: 0, limit: this._limit };
      this._turns.does('looking');
      this._take(await previewDraft(this._api, this.planId, part));
    }
    this._difference = null;
  }

  /** As much of the tree as was shown stays shown. */
  private get _limit(): number {
    return Math.min(MOST, Math.max(PAGE, this._nodes.length));
  }

  private _take(found: PreviewWithTree): void {
    this._preview = found;
    this._nodes = found.tree?.nodes ?? [];
    this._next = found.tree?.next ?? null;
  }

  private readonly _tellFetched = (fetched: IFetched | null): void => {
    this._fetched = fetched;
    this._changed();
  };

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
  private _difference: string | null = null;
  private _started: Plan | null = null;
  /** A difference that was shown and is part of what is shown now. */
  private _agreed: string | null = null;
  private _submitting = false;
  /** Whether all that is being stored of what was said could be. */
  private _saving: Promise<boolean> = Promise.resolve(true);
  private _nextLook: Promise<boolean> | null = null;
  private _reading: Promise<boolean> | null = null;
  private _fetched: IFetched | null = null;
  private _looking: AbortController | null = null;
  private readonly _turns = new Turns(() => {
    this._changed();
  });
  private readonly _draftChanged = new Signal<this, IDraftChange>(this);
}
