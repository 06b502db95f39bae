/** A field of the page over the canvas: a value, a title, a comment is edited where it stands. */

import { belongsToText, isForWhole } from '../params/keys';

interface IEditorOptions {
  readonly host: HTMLElement;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly label: string;
  readonly text: string;
  /** Several lines: Enter is a line, Ctrl+Enter commits. */
  readonly lines?: boolean;
  readonly placeholder?: string;
  /** Why the text cannot be, as a sentence; null, it can. */
  readonly check?: (text: string) => string | null;
  /** The text as it is when Enter is pressed or focus leaves. */
  readonly commit: (text: string) => void;
  /** Tab: the text is committed and the next one opens. */
  readonly next?: (backwards: boolean) => void;
}

/** Open a field; Escape leaves everything as it was. */
export function openEditor(options: IEditorOptions): { close: () => void } {
  const { host } = options;
  const box = document.createElement('div');
  box.className = 'pm-CanvasEditor';
  box.style.left = `${options.x}px`;
  box.style.top = `${options.y}px`;
  box.style.width = `${options.width}px`;
  const field = document.createElement(options.lines === true ? 'textarea' : 'input');
  field.className = 'jp-mod-styled';
  field.value = options.text;
  field.setAttribute('aria-label', options.label);
  field.placeholder = options.placeholder ?? '';
  field.style.height = `${options.height}px`;
  const fault = document.createElement('div');
  fault.className = 'pm-CanvasEditor-fault';
  fault.setAttribute('role', 'alert');
  box.append(field, fault);
  host.append(box);
  let isOpen = true;
  let given = options.text;

  const look = (): string | null => {
    const reason = options.check?.(field.value) ?? null;
    fault.textContent = reason;
    field.setAttribute('aria-invalid', String(reason !== null));
    return reason;
  };
  const close = (): void => {
    if (isOpen) {
      isOpen = false;
      const hadFocus = box.contains(document.activeElement);
      box.remove();
      if (hadFocus) {
        host.focus();
      }
    }
  };
  const finish = (): boolean => {
    if (isOpen && field.value !== given) {
      if (look() !== null) {
        return false;
      }
      given = field.value;
      close();
      options.commit(given);
      return true;
    }
    close();
    return true;
  };
  /** Commit and stay open; false, what is typed cannot be. */
  const give = (): boolean => {
    if (field.value !== given) {
      if (look() !== null) {
        return false;
      }
      given = field.value;
      options.commit(given);
    }
    return true;
  };

  field.addEventListener('input', look);
  field.addEventListener('keydown', event => {
    if (!(event instanceof KeyboardEvent)) {
      return;
    }
    // In several lines this is how they are ended.
    const ends = options.lines === true && event.key === 'Enter';
    if (isForWhole(event) && !ends) {
      // The field stays, so that the shortcut knows where it was pressed.
      if (!give()) {
        event.stopPropagation();
        event.preventDefault();
      }
      return;
    }
    // Undo, delete and letters belong to the text while it is edited.
    if (belongsToText(event) || ends) {
      event.stopPropagation();
    }
    if (event.key === 'Escape') {
      close();
    } else if (
      event.key === 'Enter' &&
      (options.lines !== true || event.ctrlKey || event.metaKey)
    ) {
      event.preventDefault();
      finish();
    } else if (event.key === 'Tab' && options.next !== undefined) {
      event.preventDefault();
      if (finish()) {
        options.next(event.shiftKey);
      }
    }
  });
  for (const type of ['pointerdown', 'dblclick', 'wheel', 'contextmenu', 'copy', 'cut', 'paste']) {
    box.addEventListener(type, event => {
      event.stopPropagation();
    });
  }
  // What does not fit is not lost by a click elsewhere: the field stays open and says why.
  field.addEventListener('blur', () => {
    finish();
  });
  field.focus();
  field.select();
  return { close };
}
