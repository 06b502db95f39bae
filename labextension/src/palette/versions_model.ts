/** The versions of a template as they are listed, and what is done with them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomModel } from '@jupyterlab/ui-components';

import type { ITemplateVersion } from '../api/templates';
import { getTemplate, getVersion, listVersions, putTemplate } from '../api/templates';
import { againNote } from '../pipeline/versions';
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

  /** Save a version as the newest one; returns whether it is, also where the list was not read then. */
  async restore(version: number): Promise<boolean> {
    let isDone = false;
    await this._try(async () => {
      const { name, _api: api, _trans: trans } = this;
      const [then, now] = await Promise.all([
        getVersion(api, name, version),
        getTemplate(api, name)
      ]);
      if (then.content_hash === now.content_hash) {
        // No version would be made: the drawing of now, its frames and notes, would be kept nowhere.
        throw new Error(
          trans.__(
            'Version %1 would run the same as the newest, so nothing was saved: how the newest is drawn would be kept nowhere. Open version %1 to see how it was drawn.',
            version
          )
        );
      }
      const saved = await putTemplate(api, name, then.document, now.revision, againNote(version));
      isDone = true;
      this._said = trans.__(
        'Version %1 is the newest again, as version %2.',
        version,
        saved.version
      );
      await this._read();
    });
    return isDone;
  }

  private async _read(): Promise<void> {
    const page = await listVersions(this._api, this.name);
    this._listed = page.versions;
    this._before = page.before;
  }

  private async _try(work: () => Promise<void>): Promise<void> {
    this._isBusy = true;
    this._error = null;
    this._said = '';
    this.stateChanged.emit();
    try {
      await work();
    } catch (error) {
      this._error = error;
    }
    this._isBusy = false;
    this.stateChanged.emit();
  }

  private _listed: readonly ITemplateVersion[] | null = null;
  private _before: number | null = null;
  private _isBusy = false;
  private _error: unknown = null;
  private _said = '';
}
