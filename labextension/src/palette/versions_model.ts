/** The versions of a template as they are listed, and what is done with them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomModel } from '@jupyterlab/ui-components';

import type { ITemplateVersion } from '../api/templates';
import { getTemplate, getVersion, listVersions, putTemplate } from '../api/templates';
import type { IApi } from '../tokens';

export class VersionsModel extends VDomModel {
  constructor(
    private readonly _api: IApi,
    /** Of the template. */
    readonly name: string,
    private readonly _trans: TranslationBundle
  ) {
    super();
  }

  /** The newest first; null, they were not read yet. */
  get listed(): readonly ITemplateVersion[] | null {
    return this._listed;
  }

  /** Whether there are older ones than are listed. */
  get hasMore(): boolean {
    return this._before !== null;
  }

  get isBusy(): boolean {
    return this._isBusy;
  }

  /** What went wrong last; null, nothing. */
  get error(): unknown {
    return this._error;
  }

  /** What was done last, in words; empty, nothing. */
  get said(): string {
    return this._said;
  }

  /** Read the newest ones. Never throws: what went wrong becomes `error`. */
  async read(): Promise<void> {
    await this._try(() => this._read());
  }

  /** Read the next older ones. */
  async more(): Promise<void> {
    await this._try(async () => {
      if (this._before !== null) {
        const page = await listVersions(this._api, this.name, { before: this._before });
        this._listed = [...(this._listed ?? []), ...page.versions];
        this._before = page.before;
      }
    });
  }

  /** Save a version as the newest one; returns whether it is. */
  async restore(version: number): Promise<boolean> {
    return this._try(async () => {
      const { name, _api: api, _trans: trans } = this;
      const [then, now] = await Promise.all([
        getVersion(api, name, version),
        getTemplate(api, name)
      ]);
      const note = trans.__('version %1 again', version);
      const saved = await putTemplate(api, name, then.document, now.revision, note);
      this._said = trans.__(
        'Version %1 is the newest again, as version %2.',
        version,
        saved.version
      );
      await this._read();
    });
  }

  private async _read(): Promise<void> {
    const page = await listVersions(this._api, this.name);
    this._listed = page.versions;
    this._before = page.before;
  }

  private async _try(work: () => Promise<void>): Promise<boolean> {
    this._isBusy = true;
    this._error = null;
    this.stateChanged.emit();
    try {
      await work();
    } catch (error) {
      this._error = error;
    }
    this._isBusy = false;
    this.stateChanged.emit();
    return this._error === null;
  }

  private _listed: readonly ITemplateVersion[] | null = null;
  private _before: number | null = null;
  private _isBusy = false;
  private _error: unknown = null;
  private _said = '';
}
