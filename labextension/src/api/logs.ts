/** `pm/api/runs/N/log` and `pm/api/logs`: what runs printed. */

import type { IApi } from '../tokens';
import type { Got } from './answers';
import { withQuery } from './answers';

export type LogPiece = Got<'/runs/{run_id}/log'>;
export type LogHits = Got<'/logs'>;
export type LogHit = LogHits['entries'][number];
export type LogEntries = Got<'/runs/{run_id}/log/entries'>;
export type LogEntry = LogEntries['entries'][number];
export type LogLevel = LogEntry['level'];

/** A piece of a log: from a byte on, or its end. */
export async function readLog(
  api: IApi,
  run: number,
  where: { offset?: number; tail?: number; limit?: number }
): Promise<LogPiece> {
  return await api.request(withQuery(`runs/${run}/log`, where));
}

/**
 * The entries of a log that are at least of a level, behind line `after`.
 *
 * Of a run that runs, `from` of one answer is where the next one begins to read.
 */
export async function readEntries(
  api: IApi,
  run: number,
  query: { level?: string; containing?: string; after?: number; from?: number; limit?: number }
): Promise<LogEntries> {
  return await api.request(withQuery(`runs/${run}/log/entries`, query));
}

/** What to look for in all logs. */
export interface ILogsQuery {
  containing?: string;
  level?: string;
  method?: string;
  sample?: string;
  plan?: number;
  step?: string;
  limit?: number;
  before?: number;
}

/** Entries of the logs of all runs, newest first. */
export async function searchLogs(api: IApi, query: ILogsQuery): Promise<LogHits> {
  return await api.request(withQuery('logs', { ...query }));
}
