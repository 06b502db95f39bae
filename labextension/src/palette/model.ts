/** What the left panel lists: methods, templates, plans, runs, each with its own trouble. */

import { VDomModel } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IUnsavedDrawing } from '../api/drawings';
import { drawingsChanged, listDrawings } from '../api/drawings';
import { NotReady } from '../api/errors';
import type { IMarks } from '../api/marks';
import type { Plan } from '../api/plans';
import { listPlans } from '../api/plans';
import type { Run } from '../api/runs';
import { listRuns } from '../api/runs';
import type { ITemplateEntry } from '../api/templates';
import { listTemplates } from '../api/templates';
import type { ICatalogue } from '../pipeline/catalogue';
import type { IApi } from '../tokens';
import { readFilter } from './filter';

/** Plans that still do something; they come first. */
const ACTIVE: ReadonlySet<string> = new Set(['submitted', 'running']);
/** Runs that one more look adds. */
const RUNS = 30;
/** More runs than this are not read again in one answer. */
const MOST = 1000;

export class PaletteModel extends VDomModel {
  constructor(
    private readonly _api: IApi,
    readonly catalogue: ICatalogue,
    private readonly _trans: TranslationBundle
  ) {
    super();
    catalogue.changed.connect(this._emit);
    drawingsChanged.connect(this._readDrawings);
  }

  get templates(): readonly ITemplateEntry[] {
    return this._templates;
  }

  /** Pipelines that are saved under no name yet, or were changed since; the last one first. */
  get drawings(): readonly IUnsavedDrawing[] {
    return this._drawings;
  }

  /** Active ones first, then the newest. */
  get plans(): readonly Plan[] {
    return this._plans;
  }

  get runs(): readonly Run[] {
    return this._runs;
  }

  /** Whether there are more runs that fit. */
  get hasMore(): boolean {
    return this._before !== null;
  }

  get marks(): IMarks {
    return this._marks;
  }

  /** Why nothing could be listed; null, it could. */
  get error(): unknown {
    return this._error;
  }

  /** Whether the lists have arrived once. */
  get isLoaded(): boolean {
    return this._isLoaded;
  }

  /** The line that chooses runs. */
  get filter(): string {
    return this._filter;
  }

  get filterFault(): string | null {
    return this._filterFault;
  }

  /** Look for other runs. */
  async find(line: string): Promise<void> {
    this._filter = line;
    this._wanted = RUNS;
    this.stateChanged.emit();
    await this._try(async () => {
      await this._readRuns();
    });
  }

  /** Read the next runs that fit. */
  async more(): Promise<void> {
    // Also where another look at all of them comes first: it brings these as well.
    this._wanted = this._runs.length + RUNS;
    await this._try(async () => {
      await this._readRuns(this._before ?? undefined);
    });
  }

  /**
   * Ask the server for everything again. Never throws: what went wrong becomes `error`.
   *
   * @param methods - whether the methods may be others; without, they are asked for only where they are lacking
   */
  async refresh({ methods = true } = {}): Promise<void> {
    const asked = ++this._askedAll;
    try {
      const status = await this._api.status();
      this._marks = status.marks;
      if (status.problem !== null) {
        const lacking = status.workspace === null ? 'workspace' : 'database';
        throw new NotReady(lacking, status.problem);
      }
      const [templates, , plans] = await Promise.all([
        listTemplates(this._api),
        this._listDrawings(),
        listPlans(this._api),
        this._readRuns(),
        methods || !this.catalogue.isLoaded || this.catalogue.error !== null
          ? this.catalogue.refresh()
          : null
      ]);
      if (this._isNews(asked)) {
        this._templates = templates;
        const active = (plan: Plan): boolean => ACTIVE.has(plan.status);
        this._plans = [...plans.filter(active), ...plans.filter(plan => !active(plan))];
        this._isLoaded = true;
        this._error = null;
      }
    } catch (error) {
      if (this._isNews(asked)) {
        this._error = error;
      }
    }
    this._emit();
  }

  /** Ask for the unsaved drawings alone. Never throws: the next look at everything says what is wrong. */
  async readDrawings(): Promise<void> {
    await this._listDrawings().then(this._emit, () => undefined);
  }

  override dispose(): void {
    this.catalogue.changed.disconnect(this._emit);
    drawingsChanged.disconnect(this._readDrawings);
    super.dispose();
  }

  private async _readRuns(before?: number): Promise<void> {
    const asked = ++this._asked;
    const { query, fault } = readFilter(this._filter, this._trans);
    this._filterFault = fault;
    try {
      const page = await listRuns(this._api, {
        ...query,
        // What was unfolded stays so when something changes.
        limit: before === undefined ? Math.min(MOST, this._wanted) : RUNS,
        ...(before === undefined ? {} : { before })
      });
      // An older answer that arrives late must not replace a newer one.
      if (asked === this._asked) {
        this._runs = before === undefined ? page.runs : [...this._runs, ...page.runs];
        this._before = page.before;
      }
    } catch (error) {
      if (asked !== this._asked) {
        // Nor is what is wrong with it wrong with the newer one.
        return;
      }
      if (this._filter === '') {
        throw error;
      }
      // Such as "since:whenever": what was found before stays beside the reason.
      this._filterFault = error instanceof Error ? error.message : String(error);
    }
  }

  /** Whether no look that was begun later has ended before this one, which took longer. */
  private _isNews(asked: number): boolean {
    this._endedAll = Math.max(asked, this._endedAll);
    return asked === this._endedAll;
  }

  private async _try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this._error = null;
    } catch (error) {
      this._error = error;
    }
    this._emit();
  }

  private readonly _emit = (): void => {
    if (!this.isDisposed) {
      this.stateChanged.emit();
    }
  };

  /** This page kept or forgot one. */
  private readonly _readDrawings = (): void => {
    void this.readDrawings();
  };

  private async _listDrawings(): Promise<void> {
    const asked = ++this._askedDrawings;
    const drawings = await listDrawings(this._api);
    // An older answer that arrives late must not replace a newer one.
    if (asked > this._gotDrawings) {
      this._gotDrawings = asked;
      this._drawings = drawings;
    }
  }

  private _templates: readonly ITemplateEntry[] = [];
  private _drawings: readonly IUnsavedDrawing[] = [];
  private _plans: readonly Plan[] = [];
  private _runs: readonly Run[] = [];
  /** So many runs are to be listed, where there are so many. */
  private _wanted = RUNS;
  private _before: number | null = null;
  private _marks: IMarks = { run: [], plan: [] };
  private _error: unknown = null;
  private _isLoaded = false;
  private _filter = '';
  private _filterFault: string | null = null;
  private _asked = 0;
  private _askedAll = 0;
  /** The latest look at everything that has ended. */
  private _endedAll = 0;
  private _askedDrawings = 0;
  private _gotDrawings = 0;
}
