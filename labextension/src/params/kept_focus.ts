/**
 * Keeps the focus where it was when what has it goes: a row that is deleted, a button that is over once
 * it was pressed. The page would put it at its very beginning, from where a person without a mouse has
 * to come back through everything.
 */

/** What can have the focus. */
const REACHED = 'button, input, select, textarea, a[href], summary, [tabindex]';

/** What is reached by Tab inside of an element, in this order. */
export function reachedIn(host: Element): HTMLElement[] {
  return [...host.querySelectorAll<HTMLElement>(REACHED)].filter(
    each => each.tabIndex >= 0 && !each.matches(':disabled') && !isFolded(each)
  );
}

/** Whether it is in something that is folded, where the focus cannot be. */
function isFolded(element: HTMLElement): boolean {
  const isHead = element.matches('details > summary:first-of-type');
  const around = isHead ? element.parentElement?.parentElement : element;
  return (around?.closest('details:not([open])') ?? null) !== null;
}

/** Where the focus is: around it, from near to far, and at which place in there. */
interface IHeld {
  readonly element: HTMLElement;
  readonly around: readonly { readonly host: Element; readonly place: number }[];
}

/** Keep the focus inside of an element. Returns what ends it. */
export function keepFocus(host: HTMLElement): () => void {
  let held: IHeld | null = null;
  const isThere = (element: HTMLElement): boolean =>
    element.isConnected && !element.matches(':disabled');
  const hold = ({ target }: FocusEvent): void => {
    held = null;
    if (target instanceof HTMLElement && target !== host) {
      const around: { host: Element; place: number }[] = [];
      for (let each = target.parentElement; each !== null; each = each.parentElement) {
        around.push({ host: each, place: Math.max(0, reachedIn(each).indexOf(target)) });
        if (each === host) {
          break;
        }
      }
      held = { element: target, around };
    }
  };
  const leave = (): void => {
    const left = held;
    // What goes is gone by then; what is still there was left on purpose.
    window.setTimeout(() => {
      if (left !== null && held === left && isThere(left.element)) {
        held = document.activeElement === left.element ? left : null;
      }
    });
  };
  const look = (): void => {
    const { activeElement } = document;
    if (held === null || isThere(held.element)) {
      return;
    }
    const { around } = held;
    held = null;
    if (
      activeElement !== null &&
      activeElement !== document.body &&
      isThere(activeElement as HTMLElement)
    ) {
      return;
    }
    for (const { host: near, place } of around) {
      const all = near.isConnected ? reachedIn(near) : [];
      for (const next of [...all.slice(place), ...all.slice(0, place).reverse()]) {
        next.focus();
        // What is not displayed does not take it.
        if (document.activeElement === next) {
          return;
        }
      }
    }
  };
  const observer = new MutationObserver(look);
  observer.observe(host, { childList: true, subtree: true, attributeFilter: ['disabled'] });
  host.addEventListener('focusin', hold);
  host.addEventListener('focusout', leave);
  return () => {
    observer.disconnect();
    host.removeEventListener('focusin', hold);
    host.removeEventListener('focusout', leave);
  };
}
