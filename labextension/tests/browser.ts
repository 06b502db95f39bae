/** What JupyterLab expects of a browser and jsdom does not have, and what each test leaves behind. */

import { afterEach, vi } from 'vitest';

class Observer {
  observe(): void {
    // Nothing is laid out here, so nothing is ever observed.
  }
  unobserve(): void {
    // As above.
  }
  disconnect(): void {
    // As above.
  }
}

Object.assign(globalThis, {
  DragEvent: class extends MouseEvent {},
  ResizeObserver: Observer,
  IntersectionObserver: Observer,
  requestIdleCallback: (work: () => void) => window.setTimeout(work, 0),
  matchMedia: (media: string) => ({
    media,
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
    // The old names of both, which some components still use.
    addListener: () => undefined,
    removeListener: () => undefined
  })
});

Element.prototype.scrollIntoView = () => undefined;

// What a failed test leaves would have all others of its file wait: time that stands still, an open dialog.
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  if (document.querySelector('.jp-Dialog') !== null) {
    const { Dialog } = await import('@jupyterlab/apputils');
    Dialog.flush();
  }
});
