/** The registered methods as this page knows them: one for all pipelines. */

import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IInput, IMethod, IOutput, IParam, IVersion } from '../api/methods';
import { getVersion, listMethods } from '../api/methods';
import type { IApi } from '../tokens';
import type { IStep, VersionSelector } from './document';

/** What the canvas and the forms need to know of methods; pure functions take this. */
export interface ICatalogue {
  /** All methods with their latest version, by module and name; the same list until it says something else. */
  readonly methods: readonly IMethod[];
  /** Whether the list has arrived at least once. */
  readonly isLoaded: boolean;
  /** Why it could not be asked for; null when it could. */
  readonly error: unknown;
  /** Emits when other methods or versions arrived than are known, and when asking failed or works again. */
  readonly changed: ISignal<ICatalogue, void>;
  /**
   * The version meant. Undefined: there is none, or it is not here yet; `ensure` fetches it and
   * `changed` tells.
   */
  resolve(method: string, version: VersionSelector): IVersion | undefined;
  /** Fetch a version that is not the latest. */
  ensure(method: string, version: VersionSelector): void;
  /** The same; resolves when it is here, or cannot be had. */
  fetched(method: string, version: VersionSelector): Promise<void>;
  /** Ask the server for the list again; never throws. */
  refresh(): Promise<void>;
}

export class Catalogue implements ICatalogue {
  constructor(private readonly _api: IApi) {}

  get methods(): readonly IMethod[] {
    return this._methods;
  }

  get isLoaded(): boolean {
    return this._isLoaded;
  }

  get error(): unknown {
    return this._error;
  }

  get changed(): ISignal<ICatalogue, void> {
    return this._changed;
  }

  resolve(method: string, version: VersionSelector): IVersion | undefined {
    const latest = this._byName.get(method)?.latest ?? undefined;
    return version === 'latest' || latest?.version === version
      ? latest
      : this._older.get(`${method}/v${version}`);
  }

  ensure(method: string, version: VersionSelector): void {
    void this.fetched(method, version);
  }

  fetched(method: string, version: VersionSelector): Promise<void> {
    const latest = this._byName.get(method)?.latest;
    if (version === 'latest' || latest?.version === version) {
      return Promise.resolve();
    }
    const key = `${method}/v${version}`;
    const asked =
      this._asked.get(key) ??
      getVersion(this._api, method, version).then(
        found => {
          this._older.set(key, found);
          this._changed.emit();
        },
        // The server names what is not there as a problem of the pipeline; another look may find it.
        () => {
          window.setTimeout(() => this._asked.delete(key), 10_000);
        }
      );
    this._asked.set(key, asked);
    return asked;
  }

  /** Resolves when the list has arrived or could not be had; asks where nobody has. */
  loaded(): Promise<void> {
    return this._isLoaded ? Promise.resolve() : (this._loading ??= this._first());
  }

  private async _first(): Promise<void> {
    await this.refresh();
    this._loading = null;
  }

  async refresh(): Promise<void> {
    const asked = ++this._number;
    const before = this._said;
    try {
      const methods = await listMethods(this._api);
      if (asked === this._number) {
        this._said = JSON.stringify(methods);
        if (this._said !== before) {
          this._methods = methods;
          this._byName = new Map(methods.map(each => [each.method, each]));
        }
        this._isLoaded = true;
        this._error = null;
      }
    } catch (error) {
      if (asked === this._number) {
        this._error = error;
        this._said = String(error);
      }
    }
    // Each open drawing is checked anew by this: not where the answer is the one that is known.
    if (this._said !== before) {
      this._changed.emit();
    }
  }

  private _methods: readonly IMethod[] = [];
  private _byName = new Map<string, IMethod>();
  private _older = new Map<string, IVersion>();
  private _asked = new Map<string, Promise<void>>();
  private _isLoaded = false;
  private _error: unknown = null;
  /** The last answer, whatever it was. */
  private _said = '';
  private _number = 0;
  private _loading: Promise<void> | null = null;
  private readonly _changed = new Signal<ICatalogue, void>(this);
}

/** What the version of a step declares; nothing where it is not known. */
export function declared(
  step: IStep | undefined,
  catalogue: ICatalogue
): { version: IVersion | undefined; inputs: readonly IInput[]; outputs: readonly IOutput[] } {
  const version = step && catalogue.resolve(step.method, step.version);
  return {
    version,
    inputs: version?.declaration.inputs ?? [],
    outputs: version?.declaration.outputs ?? []
  };
}

/** Every tracked parameter of a version by `function.param`, in the order of the code. */
export function trackedParams(version: IVersion | undefined): Map<string, IParam> {
  const found = new Map<string, IParam>();
  for (const tracked of version?.declaration.tracked ?? []) {
    for (const param of tracked.params) {
      found.set(`${tracked.function}.${param.name}`, param);
    }
  }
  return found;
}
