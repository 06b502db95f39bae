/** Search in the logs of all runs. */

import React from 'react';

import type { LogHit } from '../api/logs';
import { searchLogs } from '../api/logs';
import { CommandIDs } from '../commands';
import { Ago } from '../screen/ago';
import type { ITab } from '../screen/here';
import { useHere } from '../screen/here';
import { Model, useModel } from '../screen/asked';
import { Action, CommandLink, RunLink, Trouble } from '../screen/parts';
import type { IApi } from '../tokens';
import { marked } from './log_view';

/** What can be looked for; an empty text asks for all. */
const FIELDS = ['text', 'level', 'method', 'plan', 'step'] as const;

/** A text each; the plan is its number. */
export type ISearchArgs = Record<(typeof FIELDS)[number], string>;

function isSame(one: ISearchArgs, other: ISearchArgs | null): boolean {
  return FIELDS.every(name => one[name] === other?.[name]);
}

/** Whether it says what to look for; who only goes to the tab finds it as it was. */
function isAny(sought: ISearchArgs): boolean {
  return FIELDS.some(name => sought[name] !== '');
}

class Search extends Model {
  constructor(private readonly _api: IApi) {
    super();
  }

  hits: LogHit[] = [];
  sought: ISearchArgs | null = null;
  busy = false;
  error: unknown = null;
  /** Where to go on; null, everything was looked at. */
  before: number | null = null;
  /** About how many entries were looked through, the newest. */
  lookedAt = 0;

  /** Begin a search. */
  async find(sought: ISearchArgs): Promise<void> {
    this.sought = sought;
    this.hits = [];
    this.before = null;
    this.lookedAt = 0;
    await this._look();
  }

  /** Go on where the search before ended. */
  readonly more = async (): Promise<void> => {
    if (!this.busy) {
      await this._look();
    }
  };

  private async _look(): Promise<void> {
    const turn = ++this._turn;
    const { text = '', level = '', method = '', plan = '', step = '' } = this.sought ?? {};
    this.busy = true;
    this.error = null;
    this.tell();
    try {
      const found = await searchLogs(this._api, {
        ...(text === '' ? {} : { containing: text }),
        ...(level === '' ? {} : { level }),
        ...(method === '' ? {} : { method }),
        ...(plan === '' ? {} : { plan: Number(plan) }),
        ...(step === '' ? {} : { step }),
        ...(this.before === null ? {} : { before: this.before }),
        limit: 100
      });
      // A newer search has begun meanwhile.
      if (turn !== this._turn) {
        return;
      }
      this.hits = [...this.hits, ...found.entries];
      this.before = found.before;
      this.lookedAt += found.looked_at;
    } catch (error) {
      if (turn === this._turn) {
        this.error = error;
      }
    }
    if (turn === this._turn) {
      this.busy = false;
      this.tell();
    }
  }

  private _turn = 0;
}

interface IFieldProps {
  readonly className: string;
  readonly value: string;
  readonly onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLSelectElement>) => void;
}

interface IProps {
  args: ISearchArgs;
  tab: ITab<ISearchArgs>;
}

export default function SearchTab({ args, tab }: IProps): React.JSX.Element {
  const { api, trans } = useHere();
  const search = React.useMemo(() => new Search(api), [api]);
  useModel(search);
  const [typed, setTyped] = React.useState(args);
  const [answered, setAnswered] = React.useState(args);
  /** What was kept of this search. */
  const [kept, setKept] = React.useState(args);
  if (answered !== args) {
    setAnswered(args);
    if (args !== kept && isAny(args)) {
      // Asked for anew: the fields say what is searched.
      setTyped(args);
    }
  }
  React.useEffect(() => {
    // What was kept of the search that is shown is no new one.
    if (isAny(args) && !isSame(args, search.sought)) {
      void search.find(args);
    }
  }, [search, args]);
  const field = (name: keyof ISearchArgs): IFieldProps => ({
    className: 'pm-Field',
    value: typed[name],
    onChange: event => {
      setTyped({ ...typed, [name]: event.target.value });
    }
  });
  const sought = search.sought;
  return (
    <div className="pm-Search">
      <h2>{trans.__('Search logs')}</h2>
      <form
        className="pm-Bar"
        role="search"
        onSubmit={event => {
          event.preventDefault();
          const { text, level, method, plan, step } = typed;
          const sought = { text, level, method: method.trim(), plan, step: step.trim() };
          setKept(sought);
          tab.keep(sought);
          void search.find(sought);
        }}
      >
        <input
          type="search"
          aria-label={trans.__('Text in the log')}
          placeholder={trans.__('Text in the log')}
          {...field('text')}
        />
        <select aria-label={trans.__('Level')} {...field('level')}>
          <option value="">{trans.__('All levels')}</option>
          <option value="WARNING">{trans.__('Warnings and errors')}</option>
          <option value="ERROR">{trans.__('Errors')}</option>
        </select>
        <input
          aria-label={trans.__('Method')}
          placeholder={trans.__('Method')}
          {...field('method')}
        />
        <input
          type="number"
          min={1}
          step={1}
          aria-label={trans.__('Number of the plan')}
          placeholder={trans.__('Plan')}
          {...field('plan')}
        />
        <input
          aria-label={trans.__('Step')}
          placeholder={trans.__('Step')}
          title={trans.__('Of the plan; without its number, what ran as a step of this name')}
          {...field('step')}
        />
        <button type="submit" className="pm-Button pm-mod-main">
          {trans.__('Search')}
        </button>
      </form>
      {search.error !== null && <Trouble error={search.error} again={() => void search.more()} />}
      {sought === null && (
        <p className="pm-Screen-empty">
          {trans.__('Type what to look for: an error, a file name, a number.')} {scope(trans)}
        </p>
      )}
      {search.hits.length > 0 && <Hits hits={search.hits} text={sought?.text ?? ''} />}
      <p className="pm-Bar" role="status">
        {sought !== null && status(search, trans)}
        {search.before !== null && !search.busy && (
          <Action label={trans.__('Search older runs')} onClick={() => void search.more()} />
        )}
      </p>
    </div>
  );
}

type Trans = ReturnType<typeof useHere>['trans'];

/** What is searched: what the database keeps of logs. */
function scope(trans: Trans): string {
  return trans.__(
    'Runs that have ended are searched; of a very long log its beginning, its end and its warnings.'
  );
}

/** How a search went, or goes. */
export function status(
  search: Pick<Search, 'busy' | 'error' | 'hits' | 'before' | 'lookedAt'>,
  trans: Trans
): string {
  if (search.busy) {
    return trans.__('Searching…');
  }
  if (search.error !== null) {
    return '';
  }
  const found = search.hits.length;
  if (search.before !== null) {
    const looked = search.lookedAt.toLocaleString();
    return found === 0
      ? trans.__('Nothing found in the newest %1 entries; older ones were not searched.', looked)
      : trans._n(
          '%1 entry found in the newest %2; older ones were not searched.',
          '%1 entries found in the newest %2; older ones were not searched.',
          found,
          looked
        );
  }
  return found === 0
    ? trans.__('Nothing found. %1', scope(trans))
    : trans._n('%1 entry', '%1 entries', found);
}

function Hits({ hits, text }: { hits: readonly LogHit[]; text: string }): React.JSX.Element {
  const { trans } = useHere();
  return (
    <table className="pm-Table">
      <caption className="pm-offscreen">{trans.__('Log entries, newest first')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Run')}</th>
          <th scope="col">{trans.__('Level')}</th>
          <th scope="col">{trans.__('Entry')}</th>
          <th scope="col" className="pm-Table-number">
            {trans.__('When')}
          </th>
        </tr>
      </thead>
      <tbody>
        {hits.map(hit => (
          <tr key={`${hit.run.run_id}-${hit.line}`}>
            <th scope="row">
              <RunLink run={hit.run.run_id} method={hit.run.method} />
              {hit.run.sample !== null && <span className="pm-Table-id">{hit.run.sample}</span>}
            </th>
            <td>{hit.level === 'PRINT' ? trans.__('output') : hit.level}</td>
            <td>
              <CommandLink
                command={CommandIDs.openLog}
                args={{ run: hit.run.run_id, line: hit.line }}
                address={`log-${hit.run.run_id}-${hit.line}`}
                label={trans.__('Line %1 of the log of run %2', hit.line, hit.run.run_id)}
              >
                {trans.__('line %1', hit.line)}
              </CommandLink>
              <pre className="pm-Search-entry">{marked(excerpt(hit.message, text), text)}</pre>
            </td>
            <td className="pm-Table-number">
              <Ago time={hit.time ?? hit.run.started_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The lines around what was found; a traceback may have hundreds. */
function excerpt(message: string, text: string): string {
  const lines = message.split('\n');
  const at = lines.findIndex(line => line.toLowerCase().includes(text.toLowerCase()));
  const from = Math.max(0, at - 2);
  return lines.slice(from, from + 6).join('\n');
}
