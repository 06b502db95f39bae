/** One setting of the Settings Editor. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';

/** Where settings are declared: in the folder `schema`, by the name of their file. */
export type SettingsOf = 'pipeline' | 'plans';

/** What has a value that may change. */
export interface ISetting<T> {
  readonly value: T;
}

/** What a person has set; until that is read, and where it makes no sense, what holds by default. */
export class Setting<T extends boolean | string> implements ISetting<T> {
  /** Resolves when it has been read, or cannot be. */
  readonly ready: Promise<void>;

  /**
   * @param known - what it can be; the first one is the default
   */
  constructor(
    registry: Pick<ISettingRegistry, 'load'> | null,
    where: SettingsOf,
    name: string,
    known: readonly [T, ...T[]]
  ) {
    this._value = known[0];
    this.ready = registry === null ? Promise.resolve() : this._read(registry, where, name, known);
  }

  get value(): T {
    return this._value;
  }

  private async _read(
    registry: Pick<ISettingRegistry, 'load'>,
    where: SettingsOf,
    name: string,
    known: readonly [T, ...T[]]
  ): Promise<void> {
    try {
      const settings = await registry.load(`research-process-manager:${where}`);
      const take = (): void => {
        const { composite } = settings.get(name);
        this._value = known.find(each => each === composite) ?? known[0];
      };
      settings.changed.connect(take);
      take();
    } catch {
      // The Lab says itself that settings cannot be read; the default holds.
    }
  }

  private _value: T;
}
