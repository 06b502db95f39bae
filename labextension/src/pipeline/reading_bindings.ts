/** Where an input gets its data, read from JSON. */

import type { Binding, IGather } from './document';
import type { Reader } from './reading';

const KINDS = ['from', 'column', 'value', 'file', 'run'] as const;

/** One binding, or null (told as lost) where nothing sensible is meant. */
export function readBinding(raw: unknown, what: string, reader: Reader): Binding | null {
  const { trans } = reader;
  const given = reader.table(raw, what);
  const [kind, ...others] = KINDS.filter(each => given.has(each));
  if (kind === undefined || others.length > 0) {
    reader.lose(what, trans.__('it takes its data from none or from several places'));
    return null;
  }
  const value = given.get(kind);
  const gather = readGather(given.get('gather'), what, reader);
  if (kind === 'run') {
    const output = given.get('output');
    if (typeof value === 'number' && Number.isInteger(value) && typeof output === 'string') {
      return { kind, run: value, output };
    }
    reader.lose(what, trans.__('it names no run and output'));
    return null;
  }
  if (typeof value !== 'string' || value === '') {
    reader.lose(what, trans.__('"%1" is no text', kind));
    return null;
  }
  switch (kind) {
    case 'from':
      return readSource(value, gather, what, reader);
    case 'column':
      return { kind, column: value, gather };
    case 'value':
      return { kind, text: value };
    case 'file':
      return { kind, path: value };
  }
}

function readSource(
  value: string,
  gather: IGather | null,
  what: string,
  reader: Reader
): Binding | null {
  // A step's name may contain dots, an output's name does not.
  const dot = value.lastIndexOf('.');
  if (dot < 1 || dot === value.length - 1) {
    reader.lose(what, reader.trans.__('"%1" names no step and output', value));
    return null;
  }
  return { kind: 'step', step: value.slice(0, dot), output: value.slice(dot + 1), gather };
}

function readGather(raw: unknown, what: string, reader: Reader): IGather | null {
  if (raw === undefined || raw === null) {
    return null;
  }
  const given = reader.table(raw, what);
  const over = reader.texts(given.get('over'), what);
  if (over.length === 0) {
    reader.lose(what, reader.trans.__('it does not say what it gathers over'));
    return null;
  }
  return {
    over,
    by: reader.texts(given.get('by'), what),
    onFailure: given.get('on_failure') === 'go_on' ? 'go_on' : 'wait'
  };
}
