/**
 * The JSON of a pipeline as a snapshot. What cannot be read is left out and told; it is never
 * guessed. Whether what was read makes sense is the server's to say.
 */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Branches, IPipeline, IPlanRequest, IStep, Params, VersionSelector } from './document';
import { EMPTY_PIPELINE, FORMAT, SAMPLE } from './document';
import { readBinding } from './reading_bindings';
import { readLayout } from './reading_layout';

export interface IReading {
  readonly document: IPipeline;
  /** What was left out, in sentences. */
  readonly lost: readonly string[];
  /** Written by a newer program: shown as far as it is understood, never edited or saved. */
  readonly newer: boolean;
}

/** Collects what could not be read. */
export class Reader {
  constructor(readonly trans: TranslationBundle) {}

  readonly lost: string[] = [];

  /** `raw` as name -> value; absent is empty. */
  table(raw: unknown, what: string): Map<string, unknown> {
    if (raw === undefined || raw === null) {
      return new Map();
    }
    if (typeof raw !== 'object' || Array.isArray(raw)) {
      this.lose(what, this.trans.__('it is no table of names and values'));
      return new Map();
    }
    return new Map(Object.entries(raw));
  }

  text(raw: unknown, what: string): string {
    if (typeof raw === 'string') {
      return raw;
    }
    if (raw !== undefined && raw !== null) {
      this.lose(what, this.trans.__('it is no text'));
    }
    return '';
  }

  texts(raw: unknown, what: string): string[] {
    const every: unknown = typeof raw === 'string' ? [raw] : (raw ?? []);
    if (Array.isArray(every) && every.every(each => typeof each === 'string')) {
      return every;
    }
    this.lose(what, this.trans.__('it is no list of names'));
    return [];
  }

  params(raw: unknown, what: string): Params {
    const kept = new Map<string, string>();
    for (const [name, value] of this.table(raw, what)) {
      if (typeof value === 'string' && value !== '') {
        kept.set(name, value);
      } else {
        this.lose(`${what}, ${name}`, this.trans.__('values are written as text'));
      }
    }
    return kept;
  }

  lose(what: string, why: string): void {
    this.lost.push(this.trans.__('%1 was left out: %2.', what, why));
  }
}

/** Read a document; nothing in it makes this throw. */
export function readPipeline(raw: unknown, trans: TranslationBundle): IReading {
  const reader = new Reader(trans);
  const given = reader.table(raw, trans.__('The pipeline'));
  const format = given.get('format');
  if (given.size > 0 && !(typeof format === 'number' && format >= 1)) {
    reader.lost.push(trans.__('This is no pipeline document: it has no "format".'));
    return { document: EMPTY_PIPELINE, lost: reader.lost, newer: false };
  }
  const steps = new Map<string, IStep>();
  for (const [name, each] of reader.table(given.get('steps'), trans.__('The list of steps'))) {
    if (name.trim() === '' || name === SAMPLE) {
      reader.lose(trans.__('A step'), trans.__('it cannot be called "%1"', name));
    } else {
      steps.set(name, readStep(name, each, reader));
    }
  }
  const document: IPipeline = {
    name: reader.text(given.get('name'), trans.__('The name')),
    description: reader.text(given.get('description'), trans.__('The description')),
    steps,
    layout: readLayout(given.get('layout'), reader),
    unknown: without(given, ['format', 'name', 'description', 'steps', 'layout'])
  };
  return { document, lost: reader.lost, newer: typeof format === 'number' && format > FORMAT };
}

/** Read the request of a draft; the server has looked at it, so its form is taken as it is. */
export function readRequest(raw: unknown): IPlanRequest {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? raw : {};
}

function readStep(name: string, raw: unknown, reader: Reader): IStep {
  const { trans } = reader;
  const what = (part: string): string => trans.__('Step "%1", %2', name, part);
  const given = reader.table(raw, trans.__('Step "%1"', name));
  const inputs = [...reader.table(given.get('inputs'), what('inputs'))].flatMap(([input, each]) => {
    const binding = readBinding(each, what(input), reader);
    return binding === null ? [] : [[input, binding] as const];
  });
  return {
    name,
    method: reader.text(given.get('method'), what('method')),
    version: readVersion(given.get('version'), what('version'), reader),
    title: reader.text(given.get('title'), what('title')) || null,
    params: reader.params(given.get('params'), what('params')),
    branchGroup: reader.text(given.get('branch_group'), what('branch_group')) || null,
    branches: readBranches(given.get('branches'), what('branches'), reader),
    resources: Object.fromEntries(reader.table(given.get('resources'), what('resources'))),
    inputs: new Map(inputs),
    unknown: without(given, [
      'method',
      'version',
      'title',
      'params',
      'branch_group',
      'branches',
      'resources',
      'inputs'
    ])
  };
}

function readVersion(raw: unknown, what: string, reader: Reader): VersionSelector {
  if (raw === undefined || raw === null || raw === 'latest') {
    return 'latest';
  }
  if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 1) {
    return raw;
  }
  reader.lose(what, reader.trans.__('it is neither a number nor "latest"'));
  return 'latest';
}

/** Branches in any of the four forms; see pm_kernel/domain/branches.py. */
export function readBranches(raw: unknown, what: string, reader: Reader): Branches | null {
  if (raw === undefined || raw === null) {
    return null;
  }
  if (Array.isArray(raw)) {
    return raw.length === 0 ? null : readList(raw, what, reader);
  }
  const given = reader.table(raw, what);
  if (given.size === 1 && given.has('grid')) {
    const axes = [...reader.table(given.get('grid'), what)].flatMap(([name, values]) => {
      const texts = reader.texts(values, `${what}, ${name}`);
      return texts.length === 0 ? [] : [[name, texts] as const];
    });
    return axes.length === 0 ? null : { kind: 'grid', axes: new Map(axes) };
  }
  const names = [...given.keys()].sort(new Intl.Collator('en', { numeric: true }).compare);
  const members = names.map(name => ({
    name,
    params: reader.params(given.get(name), `${what}, ${name}`)
  }));
  return members.length === 0 ? null : { kind: 'named', members };
}

function readList(raw: readonly unknown[], what: string, reader: Reader): Branches {
  const tables = raw.map(each => reader.table(each, what));
  const named = tables.every(
    each => each.has('name') && [...each.keys()].every(key => key === 'name' || key === 'params')
  );
  if (!named) {
    const members = raw.map((each, n) => reader.params(each, `${what}, ${n + 1}`));
    return { kind: 'listed', members };
  }
  const members = tables.map(each => ({
    name: reader.text(each.get('name'), what),
    params: reader.params(each.get('params'), what)
  }));
  return { kind: 'named', members };
}

/** What is left of a table without the keys that are known. */
export function without(
  given: ReadonlyMap<string, unknown>,
  known: readonly string[]
): Map<string, unknown> {
  return new Map([...given].filter(([key]) => !known.includes(key)));
}
