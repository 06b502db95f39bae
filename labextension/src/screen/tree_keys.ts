/** The keys of a tree, as people know them from file managers: arrows, Home and End, and typed letters. */

/** One visible line of a tree. */
export interface ITreeLine {
  /** 1 at the top. */
  readonly level: number;
  /** Whether what is below it is shown; null, it has nothing below. */
  readonly open: boolean | null;
  /** By which it is found when it is typed. */
  readonly text: string;
}

/** What a key does: go to a line, or fold or unfold the one that it was pressed on. */
export type TreeMove = { readonly to: number } | { readonly fold: boolean };

/** What a key that is pressed on a line does; null, nothing. */
export function treeMove(key: string, lines: readonly ITreeLine[], at: number): TreeMove | null {
  const line = lines[at];
  if (line === undefined) {
    return null;
  }
  switch (key) {
    case 'ArrowDown':
      return { to: Math.min(at + 1, lines.length - 1) };
    case 'ArrowUp':
      return { to: Math.max(0, at - 1) };
    case 'Home':
      return { to: 0 };
    case 'End':
      return { to: lines.length - 1 };
    case 'ArrowRight':
      if (line.open === null) {
        return null;
      }
      return line.open ? { to: Math.min(at + 1, lines.length - 1) } : { fold: false };
    case 'ArrowLeft':
      return line.open === true ? { fold: true } : { to: parentOf(lines, at) };
    default:
      return null;
  }
}

function parentOf(lines: readonly ITreeLine[], at: number): number {
  const level = lines[at]?.level ?? 1;
  for (let index = at - 1; index >= 0; index--) {
    if ((lines[index]?.level ?? level) < level) {
      return index;
    }
  }
  return at;
}

/** Letters that are typed one after the other within so many milliseconds are one word. */
const PAUSE_MS = 1000;

/** Finds the line that is typed: the next one that begins so; one letter again and again, one by one. */
export class TypeAhead {
  /** The line to go to; null, no letter was typed or nothing begins so. */
  find(
    press: { key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean },
    lines: readonly ITreeLine[],
    at: number,
    now = Date.now()
  ): number | null {
    const { key } = press;
    const isLetter = /^.$/u.test(key) && !press.ctrlKey && !press.metaKey && !press.altKey;
    const isNew = now - this._last > PAUSE_MS;
    // A space alone chooses; within a word it is one of its letters.
    if (!isLetter || (key === ' ' && (isNew || this._typed === ''))) {
      return null;
    }
    this._last = now;
    this._typed = isNew ? key : this._typed + key;
    const letters = new Set(this._typed.toLowerCase());
    const word = letters.size === 1 ? [...letters].join('') : this._typed.toLowerCase();
    // A word goes on where it has led to; a letter leads on.
    const from = word.length === 1 ? at + 1 : at;
    for (let n = 0; n < lines.length; n++) {
      const index = (from + n) % lines.length;
      if (lines[index]?.text.toLowerCase().startsWith(word) === true) {
        return index;
      }
    }
    return null;
  }

  private _typed = '';
  private _last = -Infinity;
}
