/**
 * Whether text can be read as a Python literal, while it is being typed.
 *
 * It only looks: values are never made, because a browser would turn 1.0 into 1 and lose digits of
 * large whole numbers. What passes here is still typed and judged by the server.
 */

const NUMBER =
  /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?|inf|nan)/;
const WORD = /^(?:True|False|None)\b/;
const STRING = /^[bB]?[rR]?(?:'(?:[^'\\\n]|\\[^])*'|"(?:[^"\\\n]|\\[^])*")/;
const CLOSING: Partial<Record<string, string>> = { '[': ']', '(': ')', '{': '}' };

/** Deeper nesting is not read by the server either. */
const MAX_DEPTH = 50;

/** What is wrong with text as a literal. */
export type LiteralFault =
  | { kind: 'unclosed'; bracket: string }
  | { kind: 'unquoted'; word: string }
  | { kind: 'unfinished' };

/** Why `text` is no literal, or null. */
export function literalFault(text: string): LiteralFault | null {
  const reader = new Reader(text.trim());
  return reader.value(0) ?? reader.end();
}

class Reader {
  constructor(private _rest: string) {}

  /** Read one value. */
  value(depth: number): LiteralFault | null {
    this._blank();
    const bracket = this._rest[0] ?? '';
    const closing = CLOSING[bracket];
    if (closing !== undefined) {
      return depth > MAX_DEPTH ? { kind: 'unfinished' } : this._members(bracket, closing, depth);
    }
    if (this._rest.startsWith('set()')) {
      this._rest = this._rest.slice('set()'.length);
      return null;
    }
    return this._take(STRING) || this._take(WORD) || this._take(NUMBER) ? null : this.end(true);
  }

  /** Complain about what is left. */
  end(required = false): LiteralFault | null {
    this._blank();
    if (this._rest === '') {
      return required ? { kind: 'unfinished' } : null;
    }
    return { kind: 'unquoted', word: /^[^\s,\])}]*/.exec(this._rest)?.[0] ?? this._rest };
  }

  private _members(bracket: string, closing: string, depth: number): LiteralFault | null {
    this._rest = this._rest.slice(1);
    for (;;) {
      this._blank();
      if (this._skip(closing)) {
        return null;
      }
      if (this._rest === '') {
        return { kind: 'unclosed', bracket };
      }
      let fault = this.value(depth + 1);
      this._blank();
      if (fault === null && bracket === '{' && this._skip(':')) {
        fault = this.value(depth + 1);
        this._blank();
      }
      if (fault !== null) {
        return fault.kind === 'unfinished' ? { kind: 'unclosed', bracket } : fault;
      }
      if (!this._skip(',') && !this._rest.startsWith(closing)) {
        return this._rest === '' ? { kind: 'unclosed', bracket } : this.end(true);
      }
    }
  }

  private _blank(): void {
    this._rest = this._rest.trimStart();
  }

  private _skip(sign: string): boolean {
    const found = this._rest.startsWith(sign);
    if (found) {
      this._rest = this._rest.slice(sign.length);
    }
    return found;
  }

  private _take(pattern: RegExp): boolean {
    const found = pattern.exec(this._rest)?.[0];
    if (found === undefined) {
      return false;
    }
    this._rest = this._rest.slice(found.length);
    return true;
  }
}
