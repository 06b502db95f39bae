/** The sample sheet as a table of fields; a block copied from a spreadsheet can be pasted in. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { TextEntry } from '../params/entry';
import { SAMPLE } from '../pipeline/document';
import type { IPlaceFault, ISheet } from './sheet';
import { pastedCells } from './sheet';

/** More rows than these are edited in their file: so many fields would make the page slow. */
const SHOWN = 200;

interface IProps {
  sheet: ISheet;
  faults: readonly IPlaceFault[];
  onChange: (sheet: ISheet, said: string) => void;
  trans: TranslationBundle;
}

export function SheetTable({ sheet, faults, onChange, trans }: IProps): React.JSX.Element {
  const wrong = (row: number | null, column: number): boolean =>
    faults.some(fault => fault.row === row && fault.column === column);
  const paste = (row: number, column: number, text: string): void => {
    onChange(
      pasted(sheet, row, column, pastedCells(text)),
      trans.__('Paste into the sample sheet')
    );
  };
  return (
    <div className="pm-Scroll">
      <table className="pm-Table pm-Sheet">
        <caption className="pm-offscreen">{trans.__('Sample sheet')}</caption>
        <thead>
          <tr>
            {sheet.columns.map((name, column) => (
              <th key={column} scope="col">
                <Cell
                  text={name}
                  label={trans.__('Name of column %1', column + 1)}
                  wrong={wrong(null, column)}
                  onChange={text => {
                    const columns = replaced(sheet.columns, column, text);
                    onChange({ ...sheet, columns }, trans.__('Rename column'));
                  }}
                />
                {sheet.columns.length > 1 && (
                  <RemoveButton
                    label={trans.__('Remove column %1', name)}
                    remove={() => {
                      onChange(
                        {
                          columns: sheet.columns.filter((_, place) => place !== column),
                          rows: sheet.rows.map(row => row.filter((_, place) => place !== column))
                        },
                        trans.__('Remove column %1', name)
                      );
                    }}
                  />
                )}
              </th>
            ))}
            <th scope="col">
              <span className="pm-offscreen">{trans.__('Remove')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sheet.rows.slice(0, SHOWN).map((cells, row) => (
            <tr key={row}>
              {sheet.columns.map((name, column) => (
                <td key={column}>
                  <Cell
                    text={cells[column] ?? ''}
                    label={trans.__('%1 of row %2', name, row + 1)}
                    wrong={wrong(row, column)}
                    onPaste={text => {
                      paste(row, column, text);
                    }}
                    onChange={text => {
                      const next = replaced(sheet.rows, row, replaced(cells, column, text));
                      onChange({ ...sheet, rows: next }, trans.__('Change the sample sheet'));
                    }}
                  />
                </td>
              ))}
              <td>
                <RemoveButton
                  label={trans.__('Remove row %1', row + 1)}
                  remove={() => {
                    const rows = sheet.rows.filter((_, place) => place !== row);
                    onChange({ ...sheet, rows }, trans.__('Remove a sample'));
                  }}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {sheet.rows.length > SHOWN && (
        <p className="pm-Hint">
          {trans.__(
            'The first %1 of %2 samples are shown; edit so long a sheet in its file and take it again.',
            SHOWN,
            sheet.rows.length
          )}
        </p>
      )}
      <div className="pm-Row">
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            const rows = [
              ...sheet.rows,
              sheet.columns.map(name => (name === SAMPLE ? free(sheet) : ''))
            ];
            onChange({ ...sheet, rows }, trans.__('Add a sample'));
          }}
        >
          {trans.__('Add sample')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            const columns = [...sheet.columns, freeColumn(sheet)];
            const rows = sheet.rows.map(row => [...row, '']);
            onChange({ columns, rows }, trans.__('Add a column'));
          }}
        >
          {trans.__('Add column')}
        </button>
      </div>
    </div>
  );
}

function replaced<T>(list: readonly T[], place: number, value: T): readonly T[] {
  return list.map((each, index) => (index === place ? value : each));
}

/** The next name that no sample has. */
function free(sheet: ISheet): string {
  const column = sheet.columns.indexOf(SAMPLE);
  const taken = new Set(sheet.rows.map(row => row[column]));
  let number = sheet.rows.length + 1;
  while (taken.has(`s${number}`)) {
    number++;
  }
  return `s${number}`;
}

function freeColumn(sheet: ISheet): string {
  let number = sheet.columns.length + 1;
  while (sheet.columns.includes(`column ${number}`)) {
    number++;
  }
  return `column ${number}`;
}

/** The block put in at a place; rows that are not there yet are added. */
export function pasted(
  sheet: ISheet,
  row: number,
  column: number,
  block: readonly (readonly string[])[]
): ISheet {
  const rows = sheet.rows.map(cells => [...cells]);
  block.forEach((line, down) => {
    const target = (rows[row + down] ??= sheet.columns.map(() => ''));
    line.slice(0, sheet.columns.length - column).forEach((text, right) => {
      target[column + right] = text;
    });
  });
  return { ...sheet, rows };
}

interface ICellProps {
  text: string;
  label: string;
  wrong: boolean;
  onChange: (text: string) => void;
  onPaste?: (text: string) => void;
}

function Cell({ text, label, wrong, onChange, onPaste }: ICellProps): React.JSX.Element {
  return (
    <TextEntry
      text={text}
      label={label}
      isWrong={wrong}
      onChange={onChange}
      onPaste={block => {
        const isBlock = onPaste !== undefined && /[\t\n]/.test(block.trim());
        if (isBlock) {
          onPaste(block);
        }
        return isBlock;
      }}
    />
  );
}

function RemoveButton(props: { label: string; remove: () => void }): React.JSX.Element {
  return (
    <button
      type="button"
      className="pm-Remove jp-mod-minimal jp-Button"
      aria-label={props.label}
      title={props.label}
      onClick={props.remove}
    >
      <span aria-hidden="true">×</span>
    </button>
  );
}
