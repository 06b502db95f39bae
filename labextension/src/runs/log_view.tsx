/** A log: streaming, searched, filtered by level, its traceback one click away. */

import React from 'react';

import type { LogEntry } from '../api/logs';
import { fileUrl } from '../api/files';
import { useModel } from '../screen/asked';
import { useChanges, useHere, useTab } from '../screen/here';
import { Action, Choice, Trouble } from '../screen/parts';
import { Rows } from '../screen/rows';
import { bytes } from '../screen/words';
import type { IChange } from '../tokens';
import { RunLog, shownLine, tracebackLine } from './log';

type Least = 'all' | 'WARNING' | 'ERROR';

interface IProps {
  run: number;
  /** Begin at the traceback, where there is one. */
  atTraceback?: boolean;
  /** Go to this line, counted from 1, whenever it is another object; 0 is none. */
  wanted?: { line: number } | null;
  className?: string;
}

export function LogView(props: IProps): React.JSX.Element {
  const { run, atTraceback = false, wanted = null, className = '' } = props;
  const { api, live, trans } = useHere();
  const tab = useTab();
  const log = React.useMemo(
    () => new RunLog(api, run, () => tab?.isVisible ?? true, live),
    [api, run, tab, live]
  );
  useModel(log);
  React.useEffect(() => {
    void log.start();
    return () => {
      log.dispose();
    };
  }, [log]);
  useChanges(
    React.useCallback(
      (change: IChange) => (change.kind === 'run' || change.kind === 'log') && change.id === run,
      [run]
    ),
    log.look
  );
  // What was written while nobody could tell it.
  React.useEffect(() => {
    const look = (): void => void log.look();
    live.modeChanged.connect(look);
    return () => {
      live.modeChanged.disconnect(look);
    };
  }, [live, log]);
  // Lines are counted from the beginning.
  const line = log.loaded ? (wanted?.line ?? 0) : 0;
  const short = line > 0 && line <= log.linesBefore;
  React.useEffect(() => {
    if (short) {
      void log.loadAll();
    }
  }, [log, short]);
  if (!log.loaded || short) {
    return log.error === null ? (
      <p className="pm-Screen-loading" role="status">
        {trans.__('Loading the log…')}
      </p>
    ) : (
      <Trouble error={log.error} again={() => void log.again()} />
    );
  }
  return (
    <div className={`pm-Log ${className}`}>
      {log.error !== null && <Trouble error={log.error} again={() => void log.again()} />}
      <LogBody log={log} atTraceback={atTraceback} wanted={wanted} version={log.version} />
    </div>
  );
}

interface IBodyProps {
  log: RunLog;
  atTraceback: boolean;
  wanted: { line: number } | null;
  /** Another number whenever the log has changed. */
  version: number;
}

function LogBody({ log, atTraceback, wanted }: IBodyProps): React.JSX.Element {
  const { api, followLogs, trans } = useHere();
  const { lines, entries } = log;
  const traceback = tracebackLine(lines, entries);
  const [text, setText] = React.useState('');
  const [least, setLeast] = React.useState<Least>('all');
  const asked = wanted !== null && wanted.line > 0 ? wanted.line - 1 - log.linesBefore : null;
  const begin = asked ?? (atTraceback ? traceback : null);
  const [goTo, setGoTo] = React.useState<{ index: number } | null>(
    begin === null ? null : { index: begin }
  );
  const [following, setFollowing] = React.useState(asked === null && followLogs);
  const [answered, setAnswered] = React.useState(wanted);
  if (answered !== wanted) {
    setAnswered(wanted);
    if (asked !== null) {
      setLeast('all');
      setFollowing(false);
      setGoTo({ index: asked });
    }
  }
  const [before, setBefore] = React.useState(log.linesBefore);
  if (before !== log.linesBefore) {
    // What came before has been loaded: the same line stands further down.
    setBefore(log.linesBefore);
    setGoTo(goTo && { index: goTo.index + before - log.linesBefore });
  }
  const levels = levelsOf(entries);
  const shown = visible(lines, levels, least);
  const hits = matches(shown, lines, text);
  const at = goTo === null ? -1 : hits.indexOf(goTo.index);

  const go = (index: number | undefined): void => {
    if (index !== undefined) {
      setFollowing(false);
      setGoTo({ index });
    }
  };
  const step = (by: number): void => {
    if (hits.length > 0) {
      go(hits[(at + by + hits.length) % hits.length]);
    }
  };
  const goToTraceback = (): void => {
    if (traceback !== null) {
      setLeast('all');
      go(traceback);
    }
  };
  // Where it is filtered away, what is left before it.
  const line = goTo === null ? -1 : lastUpTo(shown, goTo.index);
  // The same object until somebody goes elsewhere: new lines do not lead back.
  const place = React.useMemo(() => (goTo === null ? null : { index: line }), [goTo, line]);

  return (
    <>
      <div className="pm-Bar pm-Log-bar">
        <input
          className="pm-Field"
          type="search"
          placeholder={trans.__('Search this log')}
          aria-label={trans.__('Search this log')}
          value={text}
          onChange={event => {
            setText(event.target.value);
            go(matches(shown, lines, event.target.value)[0]);
          }}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              step(event.shiftKey ? -1 : 1);
            }
            event.stopPropagation();
          }}
        />
        {text !== '' && (
          <>
            <span role="status">
              {hits.length === 0
                ? trans.__('not found')
                : trans.__('%1 of %2', Math.max(0, at) + 1, hits.length)}
            </span>
            <Action
              label={trans.__('Previous')}
              onClick={() => {
                step(-1);
              }}
            />
            <Action
              label={trans.__('Next')}
              onClick={() => {
                step(1);
              }}
            />
          </>
        )}
        <Choice
          label={trans.__('Level')}
          value={least}
          options={[
            ['all', trans.__('All')],
            ['WARNING', trans.__('Warnings (%1)', entries.length)],
            ['ERROR', trans.__('Errors (%1)', entries.filter(isError).length)]
          ]}
          onChange={setLeast}
        />
        {traceback !== null && (
          <Action label={trans.__('Go to traceback')} onClick={goToTraceback} />
        )}
        {!log.complete && (
          <label>
            <input
              type="checkbox"
              checked={following}
              onChange={event => {
                setFollowing(event.target.checked);
              }}
            />{' '}
            {trans.__('Follow')}
          </label>
        )}
        <span className="pm-Bar-space" />
        <span className="pm-Muted">{bytes(log.size)}</span>
        {log.source === 'file' && (
          <a
            className="pm-Link"
            href={fileUrl(api, log.run, 'run.log', { download: true })}
            download
          >
            {trans.__('Save log')}
          </a>
        )}
      </div>
      {log.source === 'record' && (
        <p className="pm-Muted pm-Log-note" role="status">
          {trans.__('The file is on another machine; this is what the database has of it.')}
        </p>
      )}
      {log.before > 0 && (
        <p className="pm-Log-note">
          {trans.__(
            'This is the end of the log; %1 in %2 lines come before.',
            bytes(log.before),
            log.linesBefore
          )}{' '}
          <Action label={trans.__('Load all')} onClick={() => void log.loadAll()} />
        </p>
      )}
      {log.size === 0 ? (
        <p className="pm-Muted pm-Log-note">
          {log.complete ? trans.__('It printed nothing.') : trans.__('It has printed nothing yet.')}
        </p>
      ) : (
        <Rows
          className="pm-Log-lines"
          role="log"
          label={trans.__('Log of run %1', log.run)}
          count={shown.length}
          height={18}
          goTo={place}
          follow={following && !log.complete}
          row={index => {
            const line = shown[index] ?? 0;
            return (
              <div
                key={line}
                className="pm-Log-line"
                data-pm-level={levels.get(line)}
                data-pm-here={goTo?.index === line}
              >
                <span className="pm-Log-number" aria-hidden="true">
                  {log.linesBefore + line + 1}
                </span>
                <span>
                  <Line text={shownLine(lines[line] ?? '')} sought={text} />
                </span>
              </div>
            );
          }}
        />
      )}
    </>
  );
}

/** The folder of a file in a traceback, and what stands around it. */
const PLACE = /^(\s+File ")([^"]{24,}\/)([^"/]+", line \d+.*)$/;

/**
 * A line, with what is sought in it. Of a long folder in a traceback the beginning is shown, so that the
 * file and its line are in sight; it is there as a whole for who copies it or points at it.
 */
export function Line({ text, sought }: { text: string; sought: string }): React.JSX.Element {
  const [, before = '', folder = '', after = ''] = PLACE.exec(text) ?? [];
  if (sought !== '' || folder === '') {
    return <>{marked(text, sought)}</>;
  }
  return (
    <>
      {before}
      <span className="pm-Log-folder" title={folder}>
        {folder}
      </span>
      {after}
    </>
  );
}

function isError(entry: LogEntry): boolean {
  return entry.level === 'ERROR' || entry.level === 'CRITICAL';
}

/** The level of each line that belongs to a warning or an error. */
function levelsOf(entries: readonly LogEntry[]): Map<number, 'WARNING' | 'ERROR'> {
  const levels = new Map<number, 'WARNING' | 'ERROR'>();
  for (const entry of entries) {
    const count = entry.message.split('\n').length;
    for (let line = 0; line < count; line++) {
      levels.set(entry.line - 1 + line, isError(entry) ? 'ERROR' : 'WARNING');
    }
  }
  return levels;
}

function visible(
  lines: readonly string[],
  levels: ReadonlyMap<number, 'WARNING' | 'ERROR'>,
  least: Least
): number[] {
  // A file that ends with its line has nothing after it.
  const count = lines[lines.length - 1] === '' ? lines.length - 1 : lines.length;
  const all = Array.from({ length: count }, (_, line) => line);
  if (least === 'all') {
    return all;
  }
  return all.filter(line => {
    const level = levels.get(line);
    return level === 'ERROR' || (level === 'WARNING' && least === 'WARNING');
  });
}

/** The place of the last of these lines up to one of them; of the first, where all come after it. */
export function lastUpTo(lines: readonly number[], line: number): number {
  let [from, to] = [0, lines.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((lines[middle] ?? 0) <= line) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  return Math.max(0, from - 1);
}

function matches(shown: readonly number[], lines: readonly string[], text: string): number[] {
  const wanted = text.toLowerCase();
  return wanted === ''
    ? []
    : shown.filter(line => (lines[line] ?? '').toLowerCase().includes(wanted));
}

/** A line with what was searched for marked. */
export function marked(line: string, text: string): React.ReactNode {
  if (text === '') {
    return line;
  }
  const parts: React.ReactNode[] = [];
  const [low, wanted] = [line.toLowerCase(), text.toLowerCase()];
  let from = 0;
  for (let at = low.indexOf(wanted); at >= 0; at = low.indexOf(wanted, from)) {
    parts.push(line.slice(from, at), <mark key={at}>{line.slice(at, at + wanted.length)}</mark>);
    from = at + wanted.length;
  }
  return [...parts, line.slice(from)];
}
