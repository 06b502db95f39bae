/** Which version of a saved pipeline is drawn. */

import type { IOrigin, IOriginVersion } from './unsaved';

/** So much of a hash is shown: enough to tell the versions of one pipeline apart. */
const SHORT = 8;

/** What is drawn where it is not the newest version; null, it is, or is no saved pipeline. */
export function earlierOf(origin: IOrigin | null): IOriginVersion | null {
  const version = origin?.version;
  return version !== undefined && version.version < version.newest ? version : null;
}

/** Whether what is drawn is an earlier version that would run the same as the newest: no version is made of it. */
export function isAsNewest(origin: IOrigin | null): boolean {
  const earlier = earlierOf(origin);
  return earlier !== null && earlier.content_hash === earlier.newest_hash;
}

/** What is said of a version that is saved again. It is stored: for everybody, in one language. */
export function againNote(version: number): string {
  return `version ${version} again`;
}

/** The part of a content hash that is shown. */
export function shortHash(hash: string): string {
  return hash.slice(0, SHORT);
}

/** What another page kept of a saved pipeline: its version only where that is one. */
export function originOfKept({ name, revision, version }: IOrigin): IOrigin {
  const { version: number, content_hash, newest } = (version ?? {}) as Partial<IOriginVersion>;
  const isOne =
    typeof number === 'number' && typeof newest === 'number' && typeof content_hash === 'string';
  return { name, revision, ...(isOne && version !== undefined ? { version } : {}) };
}
