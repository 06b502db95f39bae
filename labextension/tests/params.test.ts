import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { literalFault } from '../src/params/literal';
import { check, fromText, quoted, toText, unquoted } from '../src/params/text';
import { accepts } from './accepts';

const trans = nullTranslator.load('');

describe('a literal', () => {
  it.each([
    '1',
    '-1.5e-3',
    '0x1F',
    '1_000',
    'inf',
    'True',
    'None',
    "'a'",
    '"it\'s"',
    "b'x'",
    '[]',
    '[1, 2,]',
    '(1,)',
    "{'a': [1, {2}], 'b': None}",
    'set()',
    '  [1]  '
  ])('is %s', text => {
    expect(literalFault(text)).toBeNull();
  });

  it.each([
    ['[1, 2', { kind: 'unclosed', bracket: '[' }],
    ["{'a': ", { kind: 'unclosed', bracket: '{' }],
    ['[a, b]', { kind: 'unquoted', word: 'a' }],
    ['1 2', { kind: 'unquoted', word: '2' }],
    ["'open", { kind: 'unquoted', word: "'open" }],
    ['', { kind: 'unfinished' }]
  ])('is not %s', (text, fault) => {
    expect(literalFault(text)).toEqual(fault);
  });

  it('is refused, not followed, when it is nested without end', () => {
    expect(literalFault('['.repeat(100_000))).not.toBeNull();
  });
});

describe('what is set', () => {
  it.each(["', '", "''", "' '", "'\\t'", "'a '"])('keeps the quotes of %s', text => {
    expect(fromText(accepts('str'), text)).toBe(text);
    expect(toText(accepts('str'), fromText(accepts('str'), text))).toBe(text);
  });
});

describe('what is typed', () => {
  it.each([
    ['int', '9007199254740993', '9007199254740993'],
    ['int', '+007', '7'],
    ['int', '0xff', '0xff'],
    ['float', '1.0', '1.0'],
    ['float', '30', '30.0'],
    ['float', '1e-9', '1e-9'],
    ['str', 'None', "'None'"],
    ['str', 'Zürich\u2009🧬', "'Z\\xfcrich\\u2009\\U0001f9ec'"],
    ['str', "'quoted'", "'quoted'"],
    ['path', 'C:\\new', "'C:\\\\new'"],
    ['bool', 'yes', 'True'],
    ['any', '1.0', '1.0'],
    ['list', '1, 2', '1, 2']
  ] as const)('for %s as %s travels as %s', (kind, typed, text) => {
    expect(check(accepts(kind), typed, trans)).toBeNull();
    expect(toText(accepts(kind), typed)).toBe(text);
  });

  it.each([
    ['int', '1.0'],
    ['int', 'many'],
    ['float', '1,5'],
    ['bool', '1'],
    ['none', '0'],
    ['list', '[1, 2'],
    ['dict', '[1]'],
    ['bytes', 'abc']
  ] as const)('for %s as %s is refused at once', (kind, typed) => {
    expect(check(accepts(kind), typed, trans)).toContain(`Expected: ${kind}.`);
  });

  it('tells what is wrong inside brackets', () => {
    expect(check(accepts('list'), '[a]', trans)).toContain('needs quotes');
    expect(check(accepts('list'), '[1', trans)).toContain('not closed');
  });

  it('fits a union when one member takes it', () => {
    const optional = accepts('union', { items: [accepts('int'), accepts('none')] });
    expect(check(optional, 'None', trans)).toBeNull();
    expect(check(optional, '7', trans)).toBeNull();
    expect(check(optional, 'x', trans)).not.toBeNull();
  });

  it('of another kind is accepted where the kind is only known from the default', () => {
    expect(check(accepts('int', { soft: true }), '1.5', trans)).toBeNull();
    expect(check(accepts('int', { soft: true }), 'abc', trans)).not.toBeNull();
  });

  it('is a choice with or without its quotes', () => {
    const choice = accepts('choice', { choices: ["'otsu'", '3'] });
    expect(check(choice, 'otsu', trans)).toBeNull();
    expect(toText(choice, 'otsu')).toBe("'otsu'");
    expect(toText(choice, '3')).toBe('3');
    expect(check(choice, 'li', trans)).not.toBeNull();
  });

  it('as nothing is never wrong', () => {
    expect(check(accepts('int'), '  ', trans)).toBeNull();
  });
});

describe('what is shown', () => {
  it.each(['abc', "it's", 'C:\\new', 'a\nb', 'Zürich 🧬', 'None', '1'])(
    'for the text %j is that text, and it travels back unchanged',
    text => {
      expect(fromText(accepts('str'), quoted(text))).toBe(text);
      expect(toText(accepts('str'), fromText(accepts('str'), quoted(text)))).toBe(quoted(text));
    }
  );

  it.each(["''", "'  '", "'\\'a\\''"])('keeps the quotes of %s where they matter', text => {
    const back = toText(accepts('str'), fromText(accepts('str'), text));
    expect(unquoted(back)).toBe(unquoted(text));
  });

  it('leaves numbers as they are', () => {
    expect(fromText(accepts('float'), '1.0')).toBe('1.0');
    expect(fromText(accepts('int'), '123456789012345678901')).toBe('123456789012345678901');
  });
});
