/**
 * Values as a person types them, and as they travel: one line of Python literal text.
 *
 * 1, 1.0, '1' and True stay four different texts, because no number is ever made of them here. What
 * is checked while typing is a help; the server types every value and has the last word.
 */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IAccepts } from '../api/methods';
import type { LiteralFault } from './literal';
import { literalFault } from './literal';

type Kind = IAccepts['kind'];

const INT = /^[+-]?(?:\d(?:_?\d)*|0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+)$/;
const FLOAT =
  /^[+-]?(?:(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?|inf(?:inity)?|nan)$/i;
const BOOL = /^(?:true|yes|false|no)$/i;
const NONE = /^none$/i;
const OPENING = /^[[({]/;

/**
 * What is wrong with `typed` as a value of that kind, as a sentence; null where nothing is.
 *
 * @param typed - as it stands in the field; empty means that nothing is set, which is never wrong
 */
export function check(accepts: IAccepts, typed: string, trans: TranslationBundle): string | null {
  const text = typed.trim();
  if (text === '' || fits(accepts, typed)) {
    return null;
  }
  const fault = COLLECTIONS.has(accepts.kind) || OPENING.test(text) ? literalFault(text) : null;
  const expected = trans.__('Expected: %1.', accepts.said);
  return fault === null ? expected : `${expected} ${faultText(fault, trans)}`;
}

const COLLECTIONS: ReadonlySet<Kind> = new Set(['list', 'tuple', 'set', 'dict']);

function fits(accepts: IAccepts, typed: string): boolean {
  const text = typed.trim();
  return FITS[accepts.kind](text, accepts) || (accepts.soft && literalFault(text) === null);
}

const FITS: Record<Kind, (text: string, accepts: IAccepts) => boolean> = {
  any: () => true,
  str: () => true,
  path: text => !text.includes('\0'),
  none: text => NONE.test(text),
  bool: text => BOOL.test(text),
  int: text => INT.test(text),
  float: text => FLOAT.test(text),
  bytes: text => /^[bB][rR]?['"]/.test(text) && literalFault(text) === null,
  choice: (text, accepts) =>
    accepts.choices.some(choice => choice === text || unquoted(choice) === text),
  union: (text, accepts) => accepts.items.some(item => fits(item, text)),
  list: sequence,
  tuple: sequence,
  set: sequence,
  dict: text => text.startsWith('{') && literalFault(text) === null
};

/** `1, 2` without brackets is a list too; brackets are looked at as a whole. */
function sequence(text: string, accepts: IAccepts): boolean {
  if (OPENING.test(text) || text === 'set()') {
    return literalFault(text) === null;
  }
  if (/['"]/.test(text)) {
    return literalFault(`[${text}]`) === null;
  }
  const [element] = accepts.items;
  const parts = text.replace(/,\s*$/, '').split(',');
  const plain = element !== undefined && (accepts.kind !== 'tuple' || accepts.items.length === 1);
  return !plain || parts.every(part => fits(element, part));
}

function faultText(fault: LiteralFault, trans: TranslationBundle): string {
  switch (fault.kind) {
    case 'unclosed':
      return trans.__('The bracket %1 is not closed.', fault.bracket);
    case 'unquoted':
      return trans.__('Text inside brackets needs quotes, and %1 has none.', fault.word);
    case 'unfinished':
      return trans.__('Something is missing at the end.');
  }
}

/**
 * The text that travels for what was typed. Text is quoted, so that `None` typed for a text is the
 * word; a whole number for a number gets its `.0`, so that it is said as it will be recorded.
 */
export function toText(accepts: IAccepts, typed: string): string {
  const text = typed.trim();
  switch (accepts.kind) {
    case 'str':
    case 'path':
      return isQuoted(text) ? text : quoted(typed);
    case 'bool':
      return BOOL.test(text) ? (/^(?:true|yes)$/i.test(text) ? 'True' : 'False') : text;
    case 'int':
      return /^[+-]?\d+$/.test(text) ? wholeText(text) : text;
    case 'float':
      return /^[+-]?\d{1,15}$/.test(text) ? `${wholeText(text)}.0` : text;
    case 'choice':
      return accepts.choices.find(choice => unquoted(choice) === text) ?? text;
    default:
      return text;
  }
}

/**
 * What a field shows for a text that travelled: texts without quotes where nothing is lost. An empty
 * text and spaces at the ends keep theirs, which else nobody would see and a field would cut off.
 */
export function fromText(accepts: IAccepts, text: string): string {
  if (accepts.kind !== 'str' && accepts.kind !== 'path') {
    return text;
  }
  const plain = unquoted(text);
  const isSeen = plain !== null && plain !== '' && plain.trim() === plain;
  return isSeen && toText(accepts, plain) === text ? plain : text;
}

/** Whole numbers of any size, written as Python writes them. */
function wholeText(text: string): string {
  const digits = text.replace(/^[+-]/, '').replace(/^0+(?=\d)/, '');
  return text.startsWith('-') && digits !== '0' ? `-${digits}` : digits;
}

function isQuoted(text: string): boolean {
  return /^['"]/.test(text) && literalFault(text) === null;
}

const ESCAPES: Partial<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t'
};

/** Text in single quotes as Python's `ascii` writes it. */
export function quoted(text: string): string {
  const inside = Array.from(text, character => {
    const code = character.codePointAt(0) ?? 0;
    const known = ESCAPES[character];
    if (known !== undefined || (code >= 0x20 && code < 0x7f)) {
      return known ?? character;
    }
    const hex = code.toString(16);
    if (code < 0x100) {
      return `\\x${hex.padStart(2, '0')}`;
    }
    return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
  });
  return `'${inside.join('')}'`;
}

const UNESCAPE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([\\'"nrt]))/g;
const LETTERS: Partial<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** The text inside quotes, null where `text` is not one quoted text. */
export function unquoted(text: string): string | null {
  if (!isQuoted(text)) {
    return null;
  }
  return text.slice(1, -1).replace(UNESCAPE, (...found: (string | undefined)[]) => {
    const [, x, u, long, letter] = found;
    return letter === undefined
      ? String.fromCodePoint(parseInt(x ?? u ?? long ?? '0', 16))
      : (LETTERS[letter] ?? letter);
  });
}
