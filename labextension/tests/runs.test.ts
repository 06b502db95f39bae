import { nullTranslator } from '@jupyterlab/translation';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import type { LogEntries, LogEntry } from '../src/api/logs';
import { ordered, shapeOfFile } from '../src/runs/kinds';
import { RunLog, shownLine, tracebackLine } from '../src/runs/log';
import { lastUpTo, Line } from '../src/runs/log_view';
import { indented } from '../src/runs/previews';
import { status } from '../src/runs/search';
import { Breaking } from '../src/screen/parts';
import { bytes, clock, figure } from '../src/screen/words';
import type { LiveMode } from '../src/tokens';
import { server } from './server';

const LOG = '/base/pm/api/runs/47/log';
const ENTRIES = '/base/pm/api/runs/47/log/entries';

/** A server with this log; `ended` may be changed, and whether it answers. */
function logOf(
  state: {
    text: string;
    ended: boolean;
    away?: boolean;
    wait?: Promise<void>;
    pushed?: boolean;
    mode?: LiveMode;
    size?: number;
  },
  entries: readonly LogEntry[] | ((query: URLSearchParams) => Partial<LogEntries>) = []
): { log: RunLog; asked: string[] } {
  const asked: string[] = [];
  const none = { run_id: 47, after: null, from: null, ended: true };
  const { settings, requests } = server({
    [ENTRIES]: ({ url }) => ({
      body: {
        ...none,
        ...(typeof entries === 'function' ? entries(new URL(url).searchParams) : { entries })
      }
    }),
    [LOG]: async () => {
      const query = new URL(requests[requests.length - 1]?.url ?? '').searchParams;
      asked.push(query.toString());
      if (state.away === true) {
        return { status: 500, body: '<html>Oops</html>' };
      }
      await state.wait;
      const tail = query.get('tail');
      const start =
        tail === null ? Number(query.get('offset')) : Math.max(0, state.text.length - Number(tail));
      const text = state.text.slice(start, start + (1 << 20));
      return {
        body: {
          run_id: 47,
          source: 'file',
          text,
          offset: start,
          lines_before: tail === null ? null : state.text.slice(0, start).split('\n').length - 1,
          next_offset: start + text.length,
          size: state.size ?? state.text.length,
          ended: state.ended,
          pushed: state.pushed ?? false
        }
      };
    }
  });
  const live = {
    get mode(): LiveMode {
      return state.mode ?? 'live';
    }
  };
  return { log: new RunLog(new Api(settings), 47, () => true, live), asked };
}

function entry(line: number, message = 'odd'): LogEntry {
  return { level: message === 'odd' ? 'WARNING' : 'ERROR', message, time: null, line };
}

describe('the log of a run', () => {
  it('that has ended is read once and is complete', async () => {
    const { log, asked } = logOf({ text: 'one\ntwo\n', ended: true });
    await log.start();
    expect(log.lines).toEqual(['one', 'two', '']);
    expect(log.complete).toBe(true);
    expect(asked).toHaveLength(1);
    log.dispose();
  });

  it('that still grows is followed without reading a byte twice', async () => {
    const state = { text: 'one\ntw', ended: false };
    const { log, asked } = logOf(state);
    await log.start();
    expect(log.lines).toEqual(['one', 'tw']);
    state.text = 'one\ntwo\nthree\n';
    state.ended = true;
    await log.look();
    await expect.poll(() => log.complete, { timeout: 20_000 }).toBe(true);
    expect(log.lines).toEqual(['one', 'two', 'three', '']);
    expect(asked.filter(query => query.includes('offset=0'))).toHaveLength(0);
    log.dispose();
  });

  it('is asked for seldom where the server tells that it has grown, while it can be heard', async () => {
    vi.useFakeTimers();
    const state = { text: 'one\n', ended: false, pushed: true, mode: 'live' as LiveMode };
    const { log, asked } = logOf(state);
    await log.start();
    await vi.advanceTimersByTimeAsync(8_000);
    expect(asked).toHaveLength(1);
    state.text = 'one\n1\n';
    await log.look();
    expect(log.lines).toEqual(['one', '1', '']);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(asked).toHaveLength(2);
    // The server looks at so many logs only, and this one may have gone out of its sight.
    state.text = 'one\n1\ntwo\n';
    await vi.advanceTimersByTimeAsync(52_000);
    expect(log.lines).toEqual(['one', '1', 'two', '']);
    expect(asked.length).toBeLessThan(9);
    // Where nobody can tell, it asks by itself.
    state.mode = 'polling';
    state.text = 'one\n1\ntwo\nthree\n';
    await vi.advanceTimersByTimeAsync(5_000);
    expect(log.lines).toEqual(['one', '1', 'two', 'three', '']);
    // So it does where the file is out of the server's sight.
    state.mode = 'live';
    state.pushed = false;
    await log.look();
    const before = asked.length;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(asked.length).toBeGreaterThan(before);
    log.dispose();
    vi.useRealTimers();
  });

  it('is read anew where something went wrong, each line once', async () => {
    const state = { text: 'one\ntwo\n', ended: false, away: false };
    const { log } = logOf(state);
    await log.start();
    state.away = true;
    await log.look();
    expect(log.error).not.toBeNull();
    state.away = false;
    await log.again();
    expect([log.error, log.lines]).toEqual([null, ['one', 'two', '']]);
    log.dispose();
  });

  it('has each line once, however often it is looked at while it is read', async () => {
    const state = { text: 'one\n', ended: false, wait: Promise.resolve() };
    const { log } = logOf(state);
    await log.start();
    let letGo = (): void => undefined;
    state.wait = new Promise(done => {
      letGo = done;
    });
    state.text = 'one\ntwo\n';
    const looks = [log.look(), log.look(), log.loadAll(), log.look()];
    await new Promise(done => setTimeout(done, 50));
    letGo();
    await Promise.all(looks);
    await log.look();
    expect(log.lines).toEqual(['one', 'two', '']);
    log.dispose();
  });

  it('of a few megabytes is read from its first line on', async () => {
    const { log } = logOf({ text: 'x'.repeat(99).concat('\n').repeat(30_000), ended: true });
    await log.start();
    expect(log.before).toBe(0);
    expect(log.lines).toHaveLength(30_001);
    log.dispose();
  });

  it('of which only the end is read has the numbers of its lines, and its marks where they are', async () => {
    const text = 'x'.repeat(99).concat('\n').repeat(200_000).concat('ERROR: odd\n');
    const entry = { level: 'ERROR' as const, message: 'ERROR: odd', time: null, line: 200_001 };
    const { log, asked } = logOf({ text, ended: true }, [entry]);
    await log.start();
    expect(log.before).toBe(text.length - (1 << 20));
    expect(log.linesBefore).toBeGreaterThan(189_000);
    const [found] = log.entries;
    expect(log.lines[(found?.line ?? 0) - 1]).toBe('ERROR: odd');
    expect(asked).toHaveLength(1);
    await log.loadAll();
    expect([log.linesBefore, log.entries[0]?.line]).toEqual([0, 200_001]);
    log.dispose();
  });

  it('that could not be read whole is read whole when it is asked for again', async () => {
    const state = { text: 'x'.repeat(99).concat('\n').repeat(200_000), ended: true, away: false };
    const { log } = logOf(state);
    await log.start();
    expect(log.before).toBeGreaterThan(0);
    state.away = true;
    await log.loadAll();
    expect(log.error).toMatchObject({ status: 500 });
    state.away = false;
    await log.again();
    expect([log.error, log.before, log.lines.length]).toEqual([null, 0, 200_001]);
    log.dispose();
  });

  it('keeps what is known of it where it cannot be read anew, and never reads more than was wanted', async () => {
    const text = 'x'.repeat(99).concat('\n').repeat(200_000);
    const state = { text, ended: false, away: false };
    const { log, asked } = logOf(state);
    await log.start();
    const known = log.lines.length;
    expect(known).toBeGreaterThan(10_000);
    state.away = true;
    await log.look();
    await log.again();
    expect(log.error).not.toBeNull();
    expect(log.lines).toHaveLength(known);
    await log.loadAll();
    expect(log.lines).toHaveLength(known);
    state.away = false;
    state.text += 'y\n';
    await log.look();
    expect([log.error, log.lines.length]).toEqual([null, known + 1]);
    expect(asked[asked.length - 1]).toContain(`offset=${text.length}`);
    log.dispose();
  });

  it('that is told as grown while it is loaded is read to its end', async () => {
    const state = {
      ...{ ended: false, pushed: true },
      // What is on its way when it grows does not know of it yet.
      get text(): string {
        return seen.asked.length < 2 ? 'one\n' : 'one\ntwo\n';
      }
    };
    const seen = logOf(state);
    await Promise.all([seen.log.start(), seen.log.look()]);
    expect(seen.log.lines).toEqual(['one', 'two', '']);
    seen.log.dispose();
  });

  it('that warned thousands of times before it failed has its traceback all the same', async () => {
    const warnings = Array.from({ length: 5000 }, (_, n) => entry(n + 1));
    const text = 'WARNING: odd\n'.repeat(5000).concat('Traceback (most recent call last):\n');
    const { log } = logOf({ text, ended: true }, query =>
      query.has('after')
        ? { entries: [entry(5001, 'Traceback (most recent call last):')] }
        : { entries: warnings, after: 5000 }
    );
    await log.start();
    expect(tracebackLine(log.lines, log.entries)).toBe(5000);
    expect(log.entries).toHaveLength(5001);
    log.dispose();
  });

  it('that grows is searched for warnings from the last ones on, a large one seldom', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const state = { text: 'x\n'.repeat(50), ended: false, size: 100 };
    const asked: string[] = [];
    const answers = [
      { from: 30, entries: [entry(10), entry(40)] },
      { from: 70, entries: [entry(40), entry(80)] }
    ];
    const { log } = logOf(state, query => {
      asked.push(`${query.get('after') ?? ''} ${query.get('from') ?? ''}`);
      return answers[asked.length - 1] ?? { from: 70, entries: [] };
    });
    await log.start();
    const grow = async (): Promise<void> => {
      state.text += 'x\n'.repeat(50);
      state.size += 100;
      await log.look();
    };
    await grow();
    expect(asked).toEqual([' ', '29 30']);
    expect(log.entries.map(({ line }) => line)).toEqual([10, 40, 80]);
    // The server reads all of it to find them: a large one it reads seldom.
    state.size = 1 << 25;
    await grow();
    expect(asked).toHaveLength(2);
    vi.setSystemTime(Date.now() + 11_000);
    await log.look();
    expect(asked).toHaveLength(3);
    vi.useRealTimers();
    log.dispose();
  });

  it('that cannot be read says why and can be asked for again', async () => {
    const { settings } = server({ [LOG]: { status: 500, body: '<html>Oops</html>' } });
    const log = new RunLog(new Api(settings), 47);
    await log.start();
    expect(log.loaded).toBe(false);
    expect(log.error).toMatchObject({ status: 500 });
    // That it has grown is no answer to that.
    await log.look();
    expect(log.error).toMatchObject({ status: 500 });
    log.dispose();
  });
});

describe('a line', () => {
  it('is what a terminal shows of it', () => {
    expect(shownLine('10 %\r20 %\r100 %')).toBe('100 %');
    expect(shownLine('from Windows\r')).toBe('from Windows');
  });
});

describe('the traceback', () => {
  const lines = [
    'working',
    'Traceback (most recent call last):',
    '  File "/opt/lib/python3.11/runpy.py", line 1, in x',
    '  File "/ws/.runs/1/code/run.py", line 12, in run',
    '    helper.load(path)',
    '  File "/opt/site-packages/pandas/io.py", line 3, in read',
    'ValueError: no such column'
  ];
  const entry: LogEntry = {
    level: 'ERROR',
    message: lines.slice(1).join('\n'),
    time: null,
    line: 2
  };

  it('is entered at the last line of the user’s own code', () => {
    expect(tracebackLine(lines, [entry])).toBe(3);
  });

  it('is not there where nothing failed', () => {
    expect(
      tracebackLine(lines, [{ ...entry, message: 'low memory', level: 'WARNING' }])
    ).toBeNull();
  });
});

describe('an output', () => {
  it('is shown by what its file is', () => {
    expect(
      ['a.PNG', 'b.tif', 'c.json', 'd.pdf', 'e.log', 'f', 'g.tar.gz', 'h.csv'].map(shapeOfFile)
    ).toEqual(['image', 'drawn', 'json', 'pdf', 'text', 'other', 'other', 'table']);
  });

  it('comes in the order pictures, tables, JSON', () => {
    const output = (name: string, table = false) => ({
      name,
      path: name,
      base: name,
      type: 'file' as const,
      size_bytes: 1,
      file_count: 1,
      checksum: '',
      declared: true,
      kind: 'file' as const,
      table
    });
    const names = ordered([output('a.json'), output('b.csv', true), output('c.png')]);
    expect(names.map(each => each.name)).toEqual(['c.png', 'b.csv', 'a.json']);
  });

  it('of JSON is laid out with its numbers as they were written', () => {
    expect(indented('{"a":1.0,"b":[12345678901234567890,"x,{y"],"c":{}}')).toBe(
      '{\n  "a": 1.0,\n  "b": [\n    12345678901234567890,\n    "x,{y"\n  ],\n  "c": {}\n}'
    );
    expect(indented('no json at all')).toBe('no json at all');
  });
});

describe('numbers', () => {
  it('read as people write them', () => {
    expect([0, 999, 1000, 187838, 34_200_000, 2_000_000_000_000].map(bytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '188 kB',
      '34.2 MB',
      '2.0 TB'
    ]);
    expect(clock(4 * 86_400 + 5 * 3600)).toBe('4d 05h');
    expect([42, 3723, -1].map(seconds => clock(seconds))).toEqual(['0:42', '1:02:03', '0:00']);
    expect([0.1 + 0.2, 55, 'text', null, [1]].map(figure)).toEqual([
      '0.3',
      '55',
      'text',
      'null',
      '[1]'
    ]);
  });
});

it('a line that a filter hides is led to by the one before it', () => {
  expect(lastUpTo([3, 8, 12], 8)).toBe(1);
  expect(lastUpTo([3, 8, 12], 11)).toBe(1);
  expect(lastUpTo([3, 8, 12], 99)).toBe(2);
  expect(lastUpTo([3, 8, 12], 1)).toBe(0);
  expect(lastUpTo([], 4)).toBe(0);
});

it('a search that finds nothing says what was searched, and claims no more', () => {
  const trans = nullTranslator.load('');
  const none = { busy: false, error: null, hits: [], lookedAt: 12 };
  expect(status({ ...none, before: null }, trans)).toBe(
    'Nothing found. Runs that have ended are searched; ' +
      'of a very long log its beginning, its end and its warnings.'
  );
  expect(status({ ...none, before: 7 }, trans)).toContain('older ones were not searched');
});

it('a long folder in a traceback does not push file and line out of sight, and is there as a whole', () => {
  const folder = '/somewhere/study/.runs/plans/2/launches/1/work/c4/ad6ee91826/';
  const text = `  File "${folder}helper.py", line 60, in find_g1_peak`;
  const html = (sought: string): string => renderToStaticMarkup(Line({ text, sought }));
  expect(html('')).toContain(`title="${folder}">${folder}</span>helper.py&quot;, line 60`);
  expect(html('work')).toContain('<mark>work</mark>');
  expect(html('work')).not.toContain('title');
  expect(renderToStaticMarkup(Line({ text: 'read File "a/b"', sought: '' }))).not.toContain('span');
});

it('a long title goes on at a part of it, or else at a value, not in the middle of one', () => {
  const title = Breaking({ text: 'Run 47 · min_height=0.7, k=2' });
  const part = '<span class="pm-Breaking">';
  expect(renderToStaticMarkup(title)).toBe(
    `${part}Run 47</span> · ${part}min_height=<wbr/>0.7, k=<wbr/>2</span>`
  );
});
