/** What JupyterLab expects of a browser and jsdom does not have. */

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
  matchMedia: (media: string) => ({
    media,
    matches: false,
    addEventListener: () => undefined,
    removeEventListener: () => undefined
  })
});

Element.prototype.scrollIntoView = () => undefined;
