/** What of an output can be shown in the browser. */

import type { Output } from '../api/files';

/** `drawn`: an image that no browser shows, drawn by the server. */
export type Shape = 'image' | 'drawn' | 'table' | 'json' | 'pdf' | 'text' | 'folder' | 'other';

const IMAGES = new Set(['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif', 'bmp', 'svg']);
const DRAWN = new Set(['tif', 'tiff', 'btf', 'tf8', 'lsm', 'stk', 'npy']);
const TABLES = new Set(['csv', 'tsv', 'parquet', 'feather', 'arrow']);
const TEXTS = new Set([
  ...['txt', 'log', 'md', 'py', 'toml', 'yaml', 'yml', 'ini', 'cfg', 'xml', 'html', 'htm'],
  ...['nf', 'sh', 'r', 'fasta', 'fa', 'fastq', 'vcf', 'bed', 'gff', 'geojsonl', 'jsonl']
]);

function endingOf(path: string): string {
  const name = path.split('/').pop() ?? '';
  return name.includes('.') ? (name.split('.').pop() ?? '').toLowerCase() : '';
}

/** What a file is shown as, by its name. */
export function shapeOfFile(path: string): Shape {
  const ending = endingOf(path);
  if (IMAGES.has(ending)) {
    return 'image';
  }
  if (DRAWN.has(ending)) {
    return 'drawn';
  }
  if (TABLES.has(ending)) {
    return 'table';
  }
  if (ending === 'json' || ending === 'geojson') {
    return 'json';
  }
  if (ending === 'pdf') {
    return 'pdf';
  }
  return TEXTS.has(ending) ? 'text' : 'other';
}

/** What an output is shown as. */
export function shapeOf(output: Output): Shape {
  if (output.kind === 'folder') {
    return 'folder';
  }
  if (output.table) {
    return 'table';
  }
  const shape = shapeOfFile(output.base);
  // The server reads the tables that it can; the others are files like any other.
  return shape === 'table' ? 'other' : shape;
}

const ORDER: readonly Shape[] = [
  'image',
  'drawn',
  'pdf',
  'table',
  'json',
  'text',
  'folder',
  'other'
];

/** Pictures before tables, tables before JSON; otherwise as they were declared. */
export function ordered(outputs: readonly Output[]): Output[] {
  return [...outputs].sort((a, b) => ORDER.indexOf(shapeOf(a)) - ORDER.indexOf(shapeOf(b)));
}
