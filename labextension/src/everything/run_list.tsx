/** The runs of one method, newest first: a page at a time, and only what is visible is drawn. */

import React from 'react';

import type { Run } from '../api/runs';
import { listRuns } from '../api/runs';
import { CommandIDs } from '../commands';
import { Ago } from '../screen/ago';
import { Model, useModel } from '../screen/asked';
import type { IHere } from '../screen/here';
import { useHere } from '../screen/here';
import { Action, CommandLink, RunLink, RunState, Trouble } from '../screen/parts';
import { Rows } from '../screen/rows';
import type { IFilter } from './filter';
import { queryOf } from './filter';
import { runKey } from './shape';

const PAGE = 200;
/** The server gives no more at once. */
const MOST = 1000;
const HEIGHT = 46;

/** Runs of one method as far as they were asked for. */
export class RunPages extends Model {
  constructor(
    private readonly _here: Pick<IHere, 'api'>,
    private readonly _method: string,
    private readonly _filter: IFilter
  ) {
    super();
  }

  runs: readonly Run[] = [];
  before: number | null = null;
  loaded = false;
  error: unknown = null;

  /** Ask again for what is listed, or for the first page. */
  readonly refresh = async (): Promise<void> => {
    await this._ask([], null, Math.max(PAGE, this.runs.length));
  };

  readonly more = async (): Promise<void> => {
    await this._ask(this.runs, this.before, PAGE);
  };

  /** Ask for so many more runs than are known. */
  private async _ask(known: readonly Run[], before: number | null, count: number): Promise<void> {
    const turn = ++this._turn;
    const runs = [...known];
    const wanted = known.length + count;
    let from = before;
    try {
      do {
        const page = await listRuns(this._here.api, {
          ...queryOf(this._filter),
          method: this._method,
          limit: Math.min(MOST, wanted - runs.length),
          ...(from === null ? {} : { before: from })
        });
        if (turn !== this._turn) {
          return;
        }
        runs.push(...page.runs);
        from = page.before;
      } while (from !== null && runs.length < wanted);
      this.runs = runs;
      this.before = from;
      this.loaded = true;
      this.error = null;
    } catch (error) {
      if (turn !== this._turn) {
        return;
      }
      this.error = error;
    }
    this.tell();
  }

  private _turn = 0;
}

interface IProps {
  method: string;
  filter: IFilter;
  /** Another text whenever its runs are others. */
  counts: string;
  total: number;
  chosen: ReadonlySet<number>;
  onChoose: (run: number) => void;
  /** Told which runs are listed. */
  onListed: (method: string, runs: readonly number[]) => void;
}

export function RunList(props: IProps): React.JSX.Element {
  const { method, filter, counts, total, chosen, onChoose, onListed } = props;
  const here = useHere();
  const { trans } = here;
  const pages = React.useMemo(() => new RunPages(here, method, filter), [here, method, filter]);
  useModel(pages);
  React.useEffect(() => {
    void pages.refresh();
  }, [pages, counts]);
  const { runs } = pages;
  React.useEffect(() => {
    onListed(
      method,
      runs.map(run => run.run_id)
    );
  }, [method, runs, onListed]);
  React.useEffect(
    () => () => {
      onListed(method, []);
    },
    [method, onListed]
  );
  return (
    <>
      {pages.error !== null && <Trouble error={pages.error} again={() => void pages.refresh()} />}
      {!pages.loaded && pages.error === null && <p role="status">{trans.__('Loading runs…')}</p>}
      {runs.length > 0 && (
        <Rows
          className="pm-Everything-runs"
          role="list"
          label={trans.__('Runs of %1', method)}
          count={runs.length}
          height={HEIGHT}
          row={index => {
            const run = runs[index];
            return run === undefined ? null : (
              <RunRow
                key={run.run_id}
                run={run}
                chosen={chosen.has(run.run_id)}
                onChoose={onChoose}
              />
            );
          }}
        />
      )}
      {pages.before !== null && (
        <p className="pm-Bar pm-Muted">
          {trans.__('%1 of %2', runs.length, total)}
          <Action label={trans.__('Older runs')} onClick={() => void pages.more()} />
        </p>
      )}
    </>
  );
}

interface IRowProps {
  run: Run;
  chosen: boolean;
  onChoose: (run: number) => void;
}

const RunRow = React.memo(function RunRow({ run, chosen, onChoose }: IRowProps): React.JSX.Element {
  const { trans } = useHere();
  const id = run.run_id;
  return (
    <div
      role="listitem"
      className="pm-Everything-run"
      data-pm-node={runKey(id)}
      style={{ height: HEIGHT }}
    >
      <input
        type="checkbox"
        aria-label={trans.__('Choose run %1', id)}
        checked={chosen}
        onChange={() => {
          onChoose(id);
        }}
      />
      <span className="pm-Everything-line">
        <RunLink run={id} /> <RunState run={run} />
      </span>
      <CommandLink
        command={CommandIDs.openLineage}
        args={{ run: id, direction: 'both' }}
        address={`lineage-${id}`}
        label={trans.__('Lineage of run %1', id)}
      >
        {trans.__('lineage')}
      </CommandLink>
      <span className="pm-Muted pm-Everything-line pm-mod-second">
        <span className="pm-Everything-which">
          {[run.sample ?? '', run.branch].filter(word => word !== '').join(' · ')}
        </span>
        <Ago time={run.finished_at ?? run.started_at} />
      </span>
    </div>
  );
});
