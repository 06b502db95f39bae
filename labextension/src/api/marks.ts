/** How states look and are called; the server half owns the table. */

export type MarkToken = 'neutral' | 'brand' | 'success' | 'info' | 'warn' | 'error';

export interface IMark {
  state: string;
  glyph: string;
  token: MarkToken;
  /** The word for people. */
  said: string;
}

export interface IMarks {
  run: IMark[];
  plan: IMark[];
}
