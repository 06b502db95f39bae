/** Numbers as people read them. */

import type { TranslationBundle } from '@jupyterlab/translation';

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** 187838 → "188 kB". */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit] ?? ''}`;
}

/** 42 → "0:42", 3723 → "1:02:03"; from two days on "3d 04h". */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  if (hours >= 48) {
    return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
  }
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/** Seconds between two times; up to now where it has not ended. */
export function secondsBetween(start: string, end: string | null, now = Date.now()): number {
  return ((end === null ? now : Date.parse(end)) - Date.parse(start)) / 1000;
}

/** Seconds in words: "0.3 s", "42 s", "1:02:03". */
export function took(seconds: number, trans: TranslationBundle): string {
  if (seconds < 10) {
    return trans.__('%1 s', seconds.toFixed(1));
  }
  return seconds < 60 ? trans.__('%1 s', Math.round(seconds)) : clock(seconds);
}

/** A number of the record, short but never wrong: all digits below a million, else exponents. */
export function figure(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return String(Number(value.toPrecision(6)));
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The last line of an error: in Python the one that says what happened. */
export function lastLine(error: string): string {
  return error.trimEnd().split('\n').pop() ?? '';
}
