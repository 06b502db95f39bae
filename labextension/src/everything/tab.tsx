/** The whole database as one graph: modules and methods with their runs, unfolding into them. */

import React from 'react';

import type { Everything } from '../api/everything';
import { getEverything } from '../api/everything';
import { CommandIDs } from '../commands';
import { useAsked } from '../screen/asked';
import { MOST } from '../screen/choosing';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Action, Shown } from '../screen/parts';
import type { IChange } from '../tokens';
import type { IFilter } from './filter';
import { FilterForm, NO_FILTER, queryOf } from './filter';
import type { EverythingArgs, ILooking } from './look';
import { useLook } from './look';
import { Sheet } from './sheet';
import { totalOf } from './shape';

interface IProps {
  args: EverythingArgs;
  tab: ITab<EverythingArgs>;
}

export default function EverythingTab({ args, tab }: IProps): React.JSX.Element {
  const { commands, trans } = useHere();
  const looking = useLook(args, tab);
  const { filter, onFilter, look, turn } = looking;
  const chosen = React.useMemo(() => new Set(look.chosen), [look.chosen]);
  const choose = React.useCallback(
    (run: number): void => {
      tab.select(run);
      const others = look.chosen.filter(each => each !== run);
      turn({ chosen: others.length === look.chosen.length ? [...others, run] : others });
    },
    [tab, look.chosen, turn]
  );
  // After a reload the run beside it is the one that was chosen last.
  const [left] = React.useState(look.chosen.at(-1) ?? null);
  React.useEffect(() => {
    if (left !== null) {
      tab.select(left);
    }
  }, [tab, left]);
  return (
    <div className="pm-Everything">
      <h2>{trans.__('Everything')}</h2>
      <FilterForm filter={filter} onChange={onFilter} />
      {chosen.size > 0 && (
        <p className="pm-Bar" role="status">
          {/* By their numbers: what was chosen before the filter need not be in sight. */}
          {trans._n('%1 run chosen: %2', '%1 runs chosen: %2', chosen.size, numbered(chosen))}
          {commands.hasCommand(CommandIDs.compare) && (
            <Action
              label={trans.__('Compare')}
              title={trans.__('Two runs to %1', MOST)}
              disabled={chosen.size < 2 || chosen.size > MOST}
              onClick={() => void commands.execute(CommandIDs.compare, { runs: [...chosen] })}
            />
          )}
          <Action
            label={trans.__('Choose none')}
            onClick={() => {
              turn({ chosen: [] });
            }}
          />
        </p>
      )}
      <Graph key={JSON.stringify(filter)} looking={looking} chosen={chosen} onChoose={choose} />
    </div>
  );
}

interface IGraphProps {
  looking: ILooking;
  chosen: ReadonlySet<number>;
  onChoose: (run: number) => void;
}

function Graph({ looking, chosen, onChoose }: IGraphProps): React.JSX.Element {
  const here = useHere();
  const { filter } = looking;
  const { trans } = here;
  const asked = useAsked(
    React.useCallback(async () => {
      await here.ready();
      return fitting(await getEverything(here.api, queryOf(filter)), filter);
    }, [here, filter])
  );
  useChanges(
    React.useCallback((change: IChange) => ['run', 'method', 'module'].includes(change.kind), []),
    asked.refresh,
    2000
  );
  return (
    <Shown asked={asked} loading={trans.__('Loading everything…')}>
      {everything =>
        everything.methods.length === 0 ? (
          <p className="pm-Screen-empty">
            {filter === NO_FILTER
              ? trans.__('No method is registered yet: register one with `pm method register`.')
              : trans.__('No run fits: ask for another sample, plan or time.')}
          </p>
        ) : (
          <Sheet everything={everything} looking={looking} chosen={chosen} onChoose={onChoose} />
        )
      }
    </Shown>
  );
}

/** The numbers of runs; of very many the first. */
function numbered(runs: ReadonlySet<number>): string {
  const first = [...runs].slice(0, MOST).join(', ');
  return runs.size > MOST ? `${first}, …` : first;
}

/** With a filter, only what has runs that fit. */
function fitting(everything: Everything, filter: IFilter): Everything {
  return filter === NO_FILTER
    ? everything
    : { ...everything, methods: everything.methods.filter(({ runs }) => totalOf(runs) > 0) };
}
