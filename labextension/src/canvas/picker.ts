/**
 * A box in which to find and choose one of many things: methods to add, ports to join, runs to take.
 *
 * It is an ordinary combobox of the page, so keys and screen readers work as everywhere.
 */

import type { IDeed } from '../params/deed';
import { belongsToText } from '../params/keys';

export type IChoice = IDeed;

interface IPickerOptions {
  readonly host: HTMLElement;
  /** Where, in pixels of the host. */
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly placeholder: string;
  /** Said when nothing fits. */
  readonly nothing: string;
  readonly choices: readonly IChoice[];
  /** Choices that come later, from the server. */
  readonly later?: Promise<readonly IChoice[]>;
  /** Said below the choices where those that come later could not be had. */
  readonly failed?: (error: unknown) => string;
  readonly closed?: () => void;
}

/** More are not listed; typing finds them. */
const LISTED = 100;

let number = 0;

/** Open a picker; it closes itself when something is chosen, on Escape and when focus leaves. */
export function openPicker(options: IPickerOptions): { close: () => void } {
  const { host } = options;
  const id = `pm-picker-${++number}`;
  const box = document.createElement('div');
  box.className = 'pm-Picker';
  box.setAttribute('role', 'dialog');
  box.setAttribute('aria-label', options.label);
  const input = document.createElement('input');
  input.type = 'text';
  input.className = 'jp-mod-styled';
  input.placeholder = options.placeholder;
  input.setAttribute('role', 'combobox');
  input.setAttribute('aria-label', options.label);
  input.setAttribute('aria-expanded', 'true');
  input.setAttribute('aria-autocomplete', 'list');
  input.setAttribute('aria-controls', id);
  const list = document.createElement('ul');
  list.id = id;
  list.setAttribute('role', 'listbox');
  list.setAttribute('aria-label', options.label);
  box.append(input, list);
  host.append(box);

  let choices = [...options.choices];
  let shown: IChoice[] = [];
  let active = 0;
  let isOpen = true;
  /** What is said below the choices; empty, nothing. */
  let said = '';

  const close = (): void => {
    if (isOpen) {
      isOpen = false;
      const hadFocus = box.contains(document.activeElement);
      box.remove();
      if (hadFocus) {
        host.focus();
      }
      options.closed?.();
    }
  };
  const mark = (): void => {
    const items = list.querySelectorAll<HTMLElement>('[role=option]');
    items.forEach((item, n) => {
      item.setAttribute('aria-selected', String(n === active));
    });
    const item = items[active];
    if (item === undefined) {
      input.removeAttribute('aria-activedescendant');
    } else {
      input.setAttribute('aria-activedescendant', item.id);
      item.scrollIntoView({ block: 'nearest' });
    }
  };
  const render = (): void => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    shown = choices
      .filter(each => {
        const text = `${each.label} ${each.detail ?? ''} ${each.group}`.toLowerCase();
        return words.every(word => text.includes(word));
      })
      .slice(0, LISTED);
    active = Math.min(active, Math.max(0, shown.length - 1));
    list.replaceChildren();
    let group = '';
    shown.forEach((choice, n) => {
      if (choice.group !== group) {
        group = choice.group;
        const title = document.createElement('li');
        title.className = 'pm-Picker-group';
        title.setAttribute('role', 'presentation');
        title.textContent = group;
        list.append(title);
      }
      const item = document.createElement('li');
      item.id = `${id}-${n}`;
      item.setAttribute('role', 'option');
      const label = document.createElement('span');
      label.textContent = choice.label;
      item.append(label);
      if (choice.detail !== undefined && choice.detail !== '') {
        const detail = document.createElement('span');
        detail.className = 'pm-Picker-detail';
        detail.textContent = choice.detail;
        item.append(detail);
      }
      item.addEventListener('pointerdown', event => {
        event.preventDefault();
        close();
        choice.choose();
      });
      list.append(item);
    });
    if (shown.length === 0 && (said === '' || input.value !== '')) {
      const none = document.createElement('li');
      none.className = 'pm-Picker-none';
      none.setAttribute('role', 'presentation');
      none.textContent = options.nothing;
      list.append(none);
    }
    if (said !== '') {
      const failure = document.createElement('li');
      failure.className = 'pm-Picker-none';
      failure.setAttribute('role', 'presentation');
      failure.textContent = said;
      list.append(failure);
    }
    mark();
  };

  input.addEventListener('input', () => {
    active = 0;
    render();
  });
  input.addEventListener('keydown', event => {
    // The Lab's own shortcuts must not see what is typed here.
    if (belongsToText(event) || event.key === 'Enter') {
      event.stopPropagation();
    }
    if (event.key === 'Escape') {
      close();
    } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      active = (active + step + shown.length) % Math.max(1, shown.length);
      mark();
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const choice = shown[active];
      if (choice !== undefined) {
        close();
        choice.choose();
      }
    }
  });
  for (const type of ['pointerdown', 'dblclick', 'wheel', 'contextmenu']) {
    box.addEventListener(type, event => {
      event.stopPropagation();
    });
  }
  box.addEventListener('focusout', event => {
    if (!box.contains(event.relatedTarget as Node | null)) {
      close();
    }
  });

  // With every choice in view: what comes later makes it longer.
  const place = (): void => {
    const left = Math.max(4, Math.min(options.x, host.clientWidth - box.offsetWidth - 4));
    const top = Math.max(4, Math.min(options.y, host.clientHeight - box.offsetHeight - 4));
    box.style.left = `${left}px`;
    box.style.top = `${top}px`;
  };
  render();
  place();
  input.focus();
  options.later?.then(
    more => {
      if (isOpen) {
        choices = [...choices, ...more];
        render();
        place();
      }
    },
    (error: unknown) => {
      if (isOpen) {
        said = options.failed?.(error) ?? '';
        render();
        place();
      }
    }
  );
  return { close };
}
