/** The samples of a plan: typed as names, or as a table with a column per datum. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { Choice } from '../params/choice';
import { SAMPLE } from '../pipeline/document';
import type { ISheet, ISheetFault } from './sheet';
import { faultText, placeFaults, readNames, readSheet, sourceFaults } from './sheet';
import { SheetTable } from './table';

/** A file that was chosen. */
export interface IChosenSheet {
  readonly name: string;
  readonly text: string;
}

/** Where a sample sheet can be taken from. */
export interface ISheetSource {
  label: string;
  /** The text of the chosen file and its name; null, nothing was chosen. */
  choose: () => Promise<IChosenSheet | null>;
}

interface IProps {
  sheet: ISheet;
  /** What the server says of the samples. */
  problems?: readonly string[];
  /** What it says of files and runs that the plan begins with. */
  told?: readonly string[];
  sources: readonly ISheetSource[];
  /** Columns that would fill an input: names of inputs that nothing feeds yet. */
  wanted?: readonly string[];
  /** Called with each change, and what it is called. */
  onChange: (sheet: ISheet, said: string) => void;
  trans: TranslationBundle;
}

export function SamplesEditor(props: IProps): React.JSX.Element {
  const { sheet, problems = [], sources, wanted = [], onChange, trans } = props;
  const onlyNames = sheet.columns.length === 1 && sheet.columns[0] === SAMPLE;
  const [asTable, setAsTable] = React.useState(!onlyNames);
  const [refused, setRefused] = React.useState<readonly string[]>([]);
  const host = React.useRef<HTMLDivElement>(null);
  // The column that was added just now is filled next.
  const added = React.useRef<string | null>(null);
  React.useEffect(() => {
    if (added.current !== null) {
      const label = trans.__('%1 of row %2', added.current, 1);
      added.current = null;
      [...(host.current?.querySelectorAll<HTMLElement>('td input') ?? [])]
        .find(each => each.getAttribute('aria-label') === label)
        ?.focus();
    }
  });
  const missing = wanted.filter(name => !sheet.columns.includes(name));
  const faults = [...placeFaults(sheet, trans), ...sourceFaults(sheet, props.told ?? [], trans)];
  const take = (text: string, from: string): void => {
    const read = readSheet(text);
    setRefused(read.faults.map(fault => `${from}: ${faultText(fault, trans)}`));
    if (!isEmpty(read.faults)) {
      setAsTable(true);
      onChange(read.sheet, trans.__('Take samples from %1', from));
    }
  };
  return (
    <div ref={host} className="pm-Samples">
      <p className="pm-Hint">
        {trans.__(
          'Every sample goes through the whole pipeline; its name keeps its results apart.'
        )}
      </p>
      <div className="pm-Row" role="group" aria-label={trans.__('Samples as')}>
        <Choice
          label={trans.__('Names')}
          chosen={!asTable}
          disabled={!onlyNames && sheet.rows.length > 0}
          title={
            onlyNames || sheet.rows.length === 0
              ? ''
              : trans.__('There are more columns than names; remove them first.')
          }
          choose={() => {
            setAsTable(false);
          }}
        />
        <Choice
          label={trans.__('Table')}
          chosen={asTable}
          choose={() => {
            setAsTable(true);
          }}
        />
        {sources.map(source => (
          <button
            key={source.label}
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void source.choose().then(
                chosen => {
                  if (chosen !== null) {
                    take(chosen.text, chosen.name);
                  }
                },
                (error: unknown) => {
                  setRefused([error instanceof Error ? error.message : String(error)]);
                }
              );
            }}
          >
            {source.label}
          </button>
        ))}
      </div>
      {missing.length > 0 && (
        <p className="pm-Hint">
          {trans.__(
            'A column named like an input fills it. Without data yet: %1.',
            missing.join(', ')
          )}
          {missing.map(name => (
            <button
              key={name}
              type="button"
              className="pm-TextButton"
              onClick={() => {
                setAsTable(true);
                added.current = name;
                onChange(
                  { columns: [...sheet.columns, name], rows: sheet.rows.map(row => [...row, '']) },
                  trans.__('Add column %1', name)
                );
              }}
            >
              {trans.__('Add column %1', name)}
            </button>
          ))}
        </p>
      )}
      {asTable ? (
        <SheetTable sheet={sheet} faults={faults} onChange={onChange} trans={trans} />
      ) : (
        <NamesField sheet={sheet} onChange={onChange} onTable={take} trans={trans} />
      )}
      <p role="status">
        {trans._n('%1 sample', '%1 samples', sheet.rows.length)}
        {onlyNames ? '' : ` · ${trans._n('%1 column', '%1 columns', sheet.columns.length)}`}
      </p>
      <Faults
        faults={[...refused, ...faults.map(fault => fault.message), ...problems]}
        trans={trans}
      />
    </div>
  );
}

function isEmpty(faults: readonly ISheetFault[]): boolean {
  return faults.some(fault => fault.kind === 'empty');
}

/** So many are shown one by one. */
const SHOWN = 10;

function Faults(props: {
  faults: readonly string[];
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const every = [...new Set(props.faults)];
  return every.length === 0 ? null : (
    <div className="pm-Fault" role="alert">
      <ul>
        {every.slice(0, SHOWN).map(sentence => (
          <li key={sentence}>{sentence}</li>
        ))}
        {every.length > SHOWN && <li>{props.trans.__('and %1 more', every.length - SHOWN)}</li>}
      </ul>
    </div>
  );
}

interface INamesProps {
  sheet: ISheet;
  onChange: (sheet: ISheet, said: string) => void;
  onTable: (text: string, from: string) => void;
  trans: TranslationBundle;
}

function NamesField({ sheet, onChange, onTable, trans }: INamesProps): React.JSX.Element {
  const id = React.useId();
  const shown = sheet.rows.map(row => row[0] ?? '').join('\n');
  const [typed, setTyped] = React.useState(shown);
  const [from, setFrom] = React.useState(shown);
  if (from !== shown) {
    setFrom(shown);
    setTyped(shown);
  }
  const commit = (): void => {
    const next = readNames(typed);
    if (next.rows.map(row => row[0]).join('\n') !== shown) {
      onChange(next, trans.__('Set samples'));
    }
  };
  return (
    <>
      <label htmlFor={id}>{trans.__('Names of samples, one on each line')}</label>
      <textarea
        id={id}
        className="jp-mod-styled pm-Samples-names"
        rows={8}
        spellCheck={false}
        placeholder={'s1\ns2\ns3'}
        value={typed}
        onChange={event => {
          setTyped(event.target.value);
        }}
        onPaste={event => {
          const text = event.clipboardData.getData('text/plain');
          // A header with a column "sample" among others is a whole sheet, not a list of names.
          const [header = ''] = text.trimStart().split('\n');
          const names = header.toLowerCase().split(/[,;\t]/);
          if (names.length > 1 && names.some(name => name.trim() === SAMPLE)) {
            event.preventDefault();
            onTable(text, trans.__('what was pasted'));
          }
        }}
        onBlur={commit}
      />
    </>
  );
}
