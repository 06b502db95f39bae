/**
 * The samples of a plan as a table of text, read from what was typed, pasted or kept in a file.
 *
 * Cells stay text. What is told here is what can be seen while typing; the server reads the samples
 * again and has the last word.
 */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IPlanRequest } from '../pipeline/document';
import { SAMPLE } from '../pipeline/document';

export interface ISheet {
  columns: readonly string[];
  /** One per sample; a cell for each column. */
  rows: readonly (readonly string[])[];
}

/** How a request holds samples. */
export type SamplesDocument = NonNullable<IPlanRequest['samples']>;

export const NO_SAMPLES: ISheet = { columns: [SAMPLE], rows: [] };

/** The sheet in a request. */
export function sheetOf(raw: IPlanRequest['samples']): ISheet {
  if (raw === undefined) {
    return NO_SAMPLES;
  }
  if ('sheet' in raw) {
    return readSheet(raw.sheet).sheet;
  }
  if ('rows' in raw) {
    const columns = raw.columns ?? [...new Set(raw.rows.flatMap(row => Object.keys(row)))];
    return { columns, rows: raw.rows.map(row => columns.map(column => row[column] ?? '')) };
  }
  return { columns: [SAMPLE], rows: raw.map(name => [name]) };
}

/** The same as a request holds it. */
export function samplesDocument(sheet: ISheet): SamplesDocument {
  if (sheet.columns.length === 1 && sheet.columns[0] === SAMPLE) {
    return sheet.rows.map(row => row[0] ?? '');
  }
  return {
    columns: sheet.columns,
    rows: sheet.rows.map(row =>
      Object.fromEntries(sheet.columns.map((column, place) => [column, row[place] ?? '']))
    )
  };
}

/** A sheet with nothing but names: one per line, or separated by commas or tabs. */
export function readNames(text: string): ISheet {
  const names = text
    .split(/[\n,;\t]/)
    .map(name => name.trim())
    .filter(name => name !== '');
  return { columns: [SAMPLE], rows: names.map(name => [name]) };
}

/** What could not be made a row, by line. */
export interface ISheetFault {
  kind: 'no-sample' | 'long' | 'quote' | 'empty';
  /** From 1; the header is line 1. */
  line: number;
  /** The columns that there are, or how many cells. */
  told: string;
}

/**
 * Read CSV: comma, semicolon or tab, quotes, byte order mark, blank lines, as the server does.
 *
 * Nothing is lost: rows that are too long keep their first cells and are named.
 */
export function readSheet(text: string): { sheet: ISheet; faults: readonly ISheetFault[] } {
  const faults: ISheetFault[] = [];
  let body = text.replace(/^\ufeff/, '');
  const named = /^\s*sep=([,;\t|])\r?\n/.exec(body);
  if (named !== null) {
    body = body.slice(named[0].length);
  }
  const { records, open } = cells(body, named?.[1] ?? separator(body));
  if (open) {
    faults.push({ kind: 'quote', line: records.at(-1)?.line ?? 1, told: '' });
  }
  const [header, ...lines] = records.filter(record => record.cells.some(cell => cell !== ''));
  if (header === undefined) {
    return { sheet: NO_SAMPLES, faults: [{ kind: 'empty', line: 1, told: '' }] };
  }
  const columns = [...header.cells];
  while (columns.length > 0 && columns.at(-1) === '') {
    columns.pop();
  }
  const alike = columns.filter(name => name.toLowerCase() === SAMPLE);
  if (!columns.includes(SAMPLE) && alike.length === 1) {
    columns[columns.indexOf(alike[0] ?? '')] = SAMPLE;
  }
  if (!columns.includes(SAMPLE)) {
    faults.push({ kind: 'no-sample', line: header.line, told: columns.join(', ') });
  }
  const rows = lines.map(({ line, cells: row }) => {
    if (row.slice(columns.length).some(cell => cell !== '')) {
      faults.push({ kind: 'long', line, told: String(row.length) });
    }
    return columns.map((_, place) => row[place] ?? '');
  });
  return { sheet: { columns, rows }, faults };
}

/** What was pasted from a spreadsheet or a text file, as rows of cells. */
export function pastedCells(text: string): readonly (readonly string[])[] {
  return cells(
    text.replace(/\r?\n$/, ''),
    text.includes('\t') ? '\t' : separator(text)
  ).records.map(record => record.cells);
}

/** The separator that cuts the first line that is not blank into most cells. */
function separator(text: string): string {
  const header = text.split('\n').find(line => /[^\s,;]/.test(line)) ?? '';
  const bare = header.replace(/"[^"]*"/g, '');
  const count = (sign: string): number => bare.split(sign).length;
  return [',', ';', '\t'].reduce((best, sign) => (count(sign) > count(best) ? sign : best));
}

interface IRecord {
  line: number;
  cells: string[];
}

function cells(text: string, sign: string): { records: IRecord[]; open: boolean } {
  const records: IRecord[] = [];
  let record: IRecord = { line: 1, cells: [] };
  let line = 1;
  let cell = '';
  let inside = false;
  const endCell = (): void => {
    record.cells.push(cell.trim());
    cell = '';
  };
  const endRecord = (): void => {
    endCell();
    records.push(record);
    record = { line, cells: [] };
  };
  for (let place = 0; place < text.length; place++) {
    const character = text[place] ?? '';
    if (character === '\n') {
      line++;
    }
    if (inside) {
      if (character !== '"') {
        cell += character;
      } else if (text[place + 1] === '"') {
        cell += '"';
        place++;
      } else {
        inside = false;
      }
    } else if (character === '"' && cell.trim() === '') {
      cell = '';
      inside = true;
    } else if (character === sign) {
      endCell();
    } else if (character === '\n') {
      endRecord();
    } else if (character !== '\r') {
      cell += character;
    }
  }
  if (cell !== '' || record.cells.length > 0) {
    endRecord();
  }
  return { records, open: inside };
}

/** A fault as a sentence. */
export function faultText(fault: ISheetFault, trans: TranslationBundle): string {
  switch (fault.kind) {
    case 'no-sample':
      return trans.__(
        'There is no column "%1" with the names of the samples; the columns are: %2. Rename one.',
        SAMPLE,
        fault.told
      );
    case 'long':
      return trans.__(
        'Line %1 has %2 cells, more than there are columns: a separator inside a cell needs quotes.',
        fault.line,
        fault.told
      );
    case 'quote':
      return trans.__('Line %1 opens a quotation mark that is not closed.', fault.line);
    case 'empty':
      return trans.__('There is nothing in it; its first line names the columns.');
  }
}

/** A cell, a column (row null) or a row (column null) that is wrong, and why. */
export interface IPlaceFault {
  row: number | null;
  column: number | null;
  message: string;
}

/** What the server says of the file or the run that a cell names, at the cells that name it. */
export function sourceFaults(
  sheet: ISheet,
  told: readonly string[],
  trans: TranslationBundle
): readonly IPlaceFault[] {
  const faults: IPlaceFault[] = [];
  const named = told.map(sentence => ({ sentence, meant: meantBy(sentence, sheet) }));
  for (const [row, cells] of told.length === 0 ? [] : sheet.rows.entries()) {
    cells.forEach((cell, column) => {
      const name = sheet.columns[column] ?? '';
      const found =
        name === SAMPLE ? undefined : named.find(({ meant }) => meant.has(pathOf(cell)))?.sentence;
      if (found !== undefined) {
        const what = found.replace(/^Step '[^']*': (input '[^']*': )?/, '');
        const place = trans.__('Row %1, column "%2": %3', row + 1, name, what);
        const next = /^run:/.test(cell.trim())
          ? trans.__('Name another result there.')
          : trans.__(
              'Mend the cell, or put the file there; a path that does not begin with "/" begins in the folder of the workspace.'
            );
        faults.push({ row, column, message: `${place} ${next}` });
      }
    });
  }
  return faults;
}

/**
 * What a sentence of the server is about, of all that the cells name. Where one path ends as another
 * does, as "image.tif" and "s1/image.tif", the longer one is meant; of a run all outputs may be.
 */
function meantBy(sentence: string, { columns, rows }: ISheet): ReadonlySet<string> {
  const sample = columns.indexOf(SAMPLE);
  const fitting = rows
    .flatMap(cells => cells.filter((_, column) => column !== sample).map(pathOf))
    .filter(path => isAbout(sentence, path));
  const longest = fitting.reduce((most, { length }) => Math.max(most, length), 0);
  return new Set(fitting.filter(path => path.length === longest || RESULT.test(path)));
}

/** An output of a run, as a cell names it. */
const RESULT = /^run:(\d+)\/(.+)$/;

/** What a cell names: "./a.png" and "a.png" are the same file. */
function pathOf(cell: string): string {
  return cell.trim().replace(/^(\.\/)+/, '');
}

/** Whether a sentence of the server is about what a cell names. */
function isAbout(sentence: string, path: string): boolean {
  const run = RESULT.exec(path);
  if (run !== null) {
    const [, id = '', output = ''] = run;
    return [
      `run ${id} has no output '${output}'`,
      `run ${id} did not complete`,
      `run ${id} was altered`,
      `${path} `
    ].some(each => sentence.includes(each));
  }
  return (
    path !== '' &&
    [' does not exist', ' is a folder', ' cannot be read'].some(
      each => sentence.includes(`/${path}${each}`) || sentence.includes(` ${path}${each}`)
    )
  );
}

/** What is wrong in a sheet, by place. */
export function placeFaults(sheet: ISheet, trans: TranslationBundle): readonly IPlaceFault[] {
  const faults: IPlaceFault[] = [];
  const seen = new Set<string>();
  sheet.columns.forEach((name, column) => {
    const message =
      name.trim() === ''
        ? trans.__('Column %1 has no name.', column + 1)
        : seen.has(name)
          ? trans.__('Two columns are called "%1".', name)
          : null;
    seen.add(name);
    if (message !== null) {
      faults.push({ row: null, column, message });
    }
  });
  const column = sheet.columns.indexOf(SAMPLE);
  if (column < 0) {
    const message = trans.__('One column must be called "%1": it names the samples.', SAMPLE);
    return [...faults, { row: null, column: null, message }];
  }
  const names = new Map<string, number>();
  sheet.rows.forEach((cells, row) => {
    const name = (cells[column] ?? '').trim();
    const before = names.get(name);
    if (name === '') {
      faults.push({ row, column, message: trans.__('Row %1 has no sample name.', row + 1) });
    } else if (before !== undefined) {
      const message = trans.__('Rows %1 and %2 are both called "%3".', before + 1, row + 1, name);
      faults.push({ row, column, message });
    } else {
      names.set(name, row);
    }
  });
  return faults;
}
