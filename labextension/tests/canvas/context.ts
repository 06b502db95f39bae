/** A drawing context that notes what is drawn: jsdom has none. */

/** What was drawn since it was last emptied: names of calls with their arguments. */
export interface IDrawn {
  calls: [string, unknown[]][];
  /** All texts. */
  readonly texts: string[];
}

/** Give every canvas of the page such a context. */
export function fakeContexts(): IDrawn {
  const drawn: IDrawn = {
    calls: [],
    get texts() {
      return this.calls.flatMap(([name, args]) => (name === 'fillText' ? [String(args[0])] : []));
    }
  };
  const contexts = new WeakMap<HTMLCanvasElement, CanvasRenderingContext2D>();
  HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement) {
    let context = contexts.get(this);
    if (context === undefined) {
      context = make(this, drawn);
      contexts.set(this, context);
    }
    return context;
  } as never;
  Object.assign(globalThis, {
    Path2D: class {
      constructor(readonly text: string) {}
    }
  });
  Object.assign(Element.prototype, {
    setPointerCapture: () => undefined,
    releasePointerCapture: () => undefined,
    scrollIntoView: () => undefined
  });
  return drawn;
}

function make(canvas: HTMLCanvasElement, drawn: IDrawn): CanvasRenderingContext2D {
  const state: Record<string, unknown> = { canvas, font: '10px sans-serif' };
  return new Proxy(state, {
    get: (target, name) => {
      if (typeof name !== 'string' || name in target) {
        return typeof name === 'string' ? target[name] : undefined;
      }
      if (name === 'measureText') {
        return (text: string) => ({ width: text.length * 7 });
      }
      if (name === 'start2D') {
        return undefined;
      }
      return (...args: unknown[]) => {
        drawn.calls.push([name, args]);
      };
    }
  }) as unknown as CanvasRenderingContext2D;
}
