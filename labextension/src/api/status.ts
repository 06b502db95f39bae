/** `GET pm/api/status`: what is there and what is missing. */

import type { IRefusal } from './errors';
import type { IMarks } from './marks';

/** The payloads that this page understands; the server half says which it sends. */
export const API_LEVEL = 1;

export interface IStatus {
  version: string;
  api_level: number;
  /** The workspace folder on the server; null: there is none. */
  workspace: string | null;
  database: 'ready' | 'unavailable' | 'unknown';
  /** Why something is missing, and the command that mends it. */
  problem: IRefusal | null;
  marks: IMarks;
}
