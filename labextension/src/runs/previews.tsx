/** Files of runs, shown: pictures, tables, JSON, text, PDF; everything else by its size. */

import React from 'react';

import type { FolderEntry, TablePage } from '../api/files';
import { fileUrl, listFolder, readFile, readTable, zipUrl } from '../api/files';
import { useAsked } from '../screen/asked';
import { useHere } from '../screen/here';
import { Action, Shown } from '../screen/parts';
import { bytes } from '../screen/words';
import { Drawn } from './drawn';
import type { Shape } from './kinds';
import { shapeOfFile } from './kinds';

/** Bytes of text that are read for a preview. */
const TEXT = 64 * 1024;
/** Larger files are read only when somebody asks for them. */
const AT_ONCE = 20_000_000;
const ROWS = 20;

interface IFileProps {
  run: number;
  path: string;
  size: number;
  /** What it shows, for those who cannot see it. */
  label: string;
}

interface IPreviewProps extends IFileProps {
  shape: Shape;
}

/** A file as what it is. */
export function Preview({ shape, ...file }: IPreviewProps): React.JSX.Element {
  const { trans } = useHere();
  const [wanted, setWanted] = React.useState(false);
  const whole = shape === 'image' || shape === 'pdf';
  if (whole && file.size > AT_ONCE && !wanted) {
    return (
      <Action
        label={trans.__('Show (%1)', bytes(file.size))}
        onClick={() => {
          setWanted(true);
        }}
      />
    );
  }
  switch (shape) {
    case 'image':
      return <Picture {...file} />;
    case 'drawn':
      return <Drawn run={file.run} path={file.path} label={file.label} />;
    case 'table':
      return <Table {...file} />;
    case 'json':
      return <Text {...file} json />;
    case 'text':
      return <Text {...file} />;
    case 'pdf':
      return <Pdf {...file} />;
    case 'folder':
      return <Folder {...file} />;
    case 'other':
      return (
        <p className="pm-Muted">
          {trans.__('No preview of this kind of file (%1).', bytes(file.size))}
        </p>
      );
  }
}

function Picture({ run, path, label }: IFileProps): React.JSX.Element {
  const { api, trans } = useHere();
  const [broken, setBroken] = React.useState(false);
  if (broken) {
    return <p role="alert">{trans.__('%1 cannot be shown: save it to look at it.', path)}</p>;
  }
  return (
    <a
      className="pm-Picture"
      href={fileUrl(api, run, path)}
      target="_blank"
      rel="noreferrer"
      title={trans.__('Open in full size')}
    >
      <img
        src={fileUrl(api, run, path)}
        alt={label}
        loading="lazy"
        onError={() => {
          setBroken(true);
        }}
      />
    </a>
  );
}

function Table({ run, path, label }: IFileProps): React.JSX.Element {
  const { api, trans } = useHere();
  const [first, setFirst] = React.useState(0);
  const page = useAsked(
    React.useCallback(
      () => readTable(api, run, { path, first, rows: ROWS }),
      [api, run, path, first]
    )
  );
  return (
    <Shown asked={page} loading={trans.__('Reading the table…')}>
      {table => (
        <>
          <div className="pm-DataTable-frame" tabIndex={0} role="region" aria-label={label}>
            <DataTable table={table} label={label} />
          </div>
          <p className="pm-Bar pm-Muted">
            <span>{rowsText(table, trans)}</span>
            {first > 0 && (
              <Action
                label={trans.__('Rows before')}
                onClick={() => {
                  setFirst(Math.max(0, first - ROWS));
                }}
              />
            )}
            {table.more && (
              <Action
                label={trans.__('Rows after')}
                onClick={() => {
                  setFirst(first + ROWS);
                }}
              />
            )}
          </p>
        </>
      )}
    </Shown>
  );
}

type Trans = ReturnType<typeof useHere>['trans'];

function rowsText(table: TablePage, trans: Trans): string {
  const from = table.rows.length === 0 ? 0 : table.first + 1;
  const to = table.first + table.rows.length;
  const rows =
    table.total === null
      ? trans.__('Rows %1 to %2', from, to)
      : trans.__('Rows %1 to %2 of %3', from, to, table.total);
  return table.left_out === 0
    ? rows
    : `${rows}, ${trans._n('%1 column is not shown', '%1 columns are not shown', table.left_out)}`;
}

const NUMBER = /^(u?int|float|double|decimal|half|number)/i;

/** The head of a table. */
export function DataTable({
  table,
  label
}: {
  table: TablePage;
  label: string;
}): React.JSX.Element {
  const { trans } = useHere();
  const numbers = table.columns.map(column => NUMBER.test(column.type));
  return (
    <table className="pm-DataTable">
      <caption className="pm-offscreen">{label}</caption>
      <thead>
        <tr>
          {table.columns.map((column, place) => (
            <th
              key={place}
              scope="col"
              title={column.type}
              className={numbers[place] === true ? 'pm-Table-number' : undefined}
            >
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {table.rows.map((row, line) => (
          <tr key={line}>
            {row.map((cell, place) => (
              <td key={place} className={numbers[place] === true ? 'pm-Table-number' : undefined}>
                {cell ?? <span className="pm-Muted">{trans.__('empty')}</span>}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Text({ run, path, size, label, json = false }: IFileProps & { json?: boolean }) {
  const { api, trans } = useHere();
  const read = useAsked(React.useCallback(() => readFile(api, run, path, TEXT), [api, run, path]));
  return (
    <Shown asked={read} loading={trans.__('Reading…')}>
      {data => (
        <>
          <pre className="pm-Text" tabIndex={0} aria-label={label}>
            {readable(data, json && size <= TEXT)}
          </pre>
          {size > data.byteLength && (
            <p className="pm-Muted">
              {trans.__('The first %1 of %2.', bytes(data.byteLength), bytes(size))}
            </p>
          )}
        </>
      )}
    </Shown>
  );
}

/** Text of bytes; JSON with one value a line, its numbers as they were written. */
function readable(data: ArrayBuffer, json: boolean): string {
  const text = new TextDecoder().decode(data);
  return json ? indented(text) : text;
}

/**
 * Lay JSON out without reading its numbers, so that large integers and 1.0 stay as written; what is
 * laid out already, or is no JSON, stays as it is.
 */
export function indented(text: string): string {
  if (text.trim().includes('\n')) {
    return text;
  }
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g);
  if (tokens === null) {
    return text;
  }
  let depth = 0;
  let out = '';
  const line = (): string => `\n${'  '.repeat(depth)}`;
  tokens.forEach((token, place) => {
    if (token === '{' || token === '[') {
      depth++;
      const empty = tokens[place + 1] === (token === '{' ? '}' : ']');
      out += empty ? token : token + line();
    } else if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      const opened = tokens[place - 1] === '{' || tokens[place - 1] === '[';
      out += opened ? token : line() + token;
    } else if (token === ',') {
      out += token + line();
    } else {
      out += token === ':' ? ': ' : token;
    }
  });
  return out;
}

function Pdf({ run, path, size, label }: IFileProps): React.JSX.Element {
  const { api, trans } = useHere();
  const read = useAsked(
    React.useCallback(() => readFile(api, run, path, Math.max(1, size)), [api, run, path, size])
  );
  if (!navigator.pdfViewerEnabled) {
    return <p className="pm-Muted">{trans.__('This browser shows no PDF: save it to read it.')}</p>;
  }
  return (
    <Shown asked={read} loading={trans.__('Reading…')}>
      {data => <PdfFrame data={data} label={label} />}
    </Shown>
  );
}

/**
 * The bytes are given to the browser's own viewer, as a PDF and nothing else. The viewer runs in a
 * process of its own and keeps what it gets: the pointer is its own only once somebody has clicked on
 * it, so that a wheel over it scrolls the page, and a click just after that meets what is there now.
 */
export function PdfFrame({ data, label }: { data: ArrayBuffer; label: string }): React.JSX.Element {
  const { trans } = useHere();
  const frame = React.useRef<HTMLIFrameElement>(null);
  const [isIn, setIsIn] = React.useState(false);
  React.useEffect(() => {
    const url = URL.createObjectURL(new Blob([data], { type: 'application/pdf' }));
    if (frame.current !== null) {
      frame.current.src = url;
    }
    return () => {
      URL.revokeObjectURL(url);
    };
  }, [data]);
  return (
    <>
      <div
        className="pm-Pdf"
        data-pm-in={isIn}
        onClick={() => {
          setIsIn(true);
          frame.current?.focus();
        }}
        onPointerLeave={() => {
          setIsIn(false);
        }}
      >
        <iframe ref={frame} title={label} />
      </div>
      <p className="pm-Muted">{trans.__('Click it to scroll, zoom and search in it.')}</p>
    </>
  );
}

function Folder({ run, path, label }: IFileProps): React.JSX.Element {
  const { api, trans } = useHere();
  const [at, setAt] = React.useState(path);
  const [chosen, setChosen] = React.useState<FolderEntry | null>(null);
  const folder = useAsked(React.useCallback(() => listFolder(api, run, at), [api, run, at]));
  const go = (to: string): void => {
    setAt(to);
    setChosen(null);
  };
  return (
    <Shown asked={folder} loading={trans.__('Looking into the folder…')}>
      {({ entries, more }) => (
        <>
          <p className="pm-Bar">
            <code>{at}</code>
            {at !== path && (
              <>
                <Action
                  label={trans.__('Up')}
                  onClick={() => {
                    go(at.split('/').slice(0, -1).join('/'));
                  }}
                />
                <a
                  className="pm-Button"
                  href={zipUrl(api, run, { path: at })}
                  download
                  aria-label={trans.__('Save %1 as zip', at)}
                >
                  {trans.__('Save as zip')}
                </a>
              </>
            )}
          </p>
          <ul className="pm-Files" aria-label={label}>
            {entries.map(entry => (
              <li key={entry.path}>
                <button
                  type="button"
                  className="pm-Files-name"
                  aria-expanded={entry.kind === 'file' ? chosen?.path === entry.path : undefined}
                  onClick={() => {
                    if (entry.kind === 'folder') {
                      go(entry.path);
                    } else {
                      setChosen(chosen?.path === entry.path ? null : entry);
                    }
                  }}
                >
                  {entry.kind === 'folder' ? `${entry.name}/` : entry.name}
                </button>
                {entry.kind === 'file' && <span className="pm-Muted">{bytes(entry.size)}</span>}
              </li>
            ))}
          </ul>
          {entries.length === 0 && <p>{trans.__('This folder is empty.')}</p>}
          {more && <p className="pm-Muted">{trans.__('There are more files than are listed.')}</p>}
          {chosen !== null && (
            <Preview
              key={chosen.path}
              run={run}
              path={chosen.path}
              size={chosen.size}
              label={chosen.name}
              shape={shapeOfFile(chosen.path)}
            />
          )}
        </>
      )}
    </Shown>
  );
}
