/** Files that the browser saves. */

/** Give bytes to the browser for saving. */
export function save(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The browser has begun to read it when the click returns; some read on after that.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}

/** A name as a file may have it everywhere. */
export function fileName(name: string): string {
  return name.replace(/[^\p{L}\p{N} ._-]+/gu, '_').trim() || 'file';
}
