/** Runs side by side: what differs is marked, and their results stand beside each other. */

import React from 'react';

import type { ComparedSection, Comparison } from '../api/compare';
import { compareRuns } from '../api/compare';
import type { Output } from '../api/files';
import { listOutputs } from '../api/files';
import { shapeOf } from '../runs/kinds';
import { Preview } from '../runs/previews';
import { useAsked } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useHere } from '../screen/here';
import { Action, RunLink, Section, Shown } from '../screen/parts';

export interface ICompareArgs {
  runs: number[];
  [name: string]: number[];
}

interface IProps {
  args: ICompareArgs;
  tab: ITab;
}

type Trans = ReturnType<typeof useHere>['trans'];

export default function CompareTab({ args, tab }: IProps): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const [runs, setRuns] = React.useState<readonly number[]>(args.runs);
  const [typed, setTyped] = React.useState('');
  React.useEffect(() => {
    tab.setTitle(trans.__('Compare %1', runs.join(', ')));
  }, [tab, runs, trans]);
  const add = (): void => {
    const more = (typed.match(/\d{1,15}/g) ?? []).map(Number).filter(run => run > 0);
    setRuns([...new Set([...runs, ...more])].slice(0, MOST));
    setTyped('');
  };
  return (
    <div className="pm-Compare">
      <h2>{trans.__('Compare runs')}</h2>
      <form
        className="pm-Bar"
        onSubmit={event => {
          event.preventDefault();
          add();
        }}
      >
        {runs.map(run => (
          <span key={run} className="pm-Compare-run">
            <RunLink run={run} />
            <Action
              label={trans.__('Remove')}
              title={trans.__('Leave out run %1', run)}
              onClick={() => {
                setRuns(runs.filter(each => each !== run));
              }}
            />
          </span>
        ))}
        <input
          className="pm-Field"
          aria-label={trans.__('Numbers of runs to add')}
          placeholder={trans.__('Runs to add: 47, 48')}
          value={typed}
          onChange={event => {
            setTyped(event.target.value);
          }}
        />
        <button type="submit" className="pm-Button" disabled={!/[1-9]/.test(typed)}>
          {trans.__('Add')}
        </button>
      </form>
      {runs.length < 2 ? (
        <p className="pm-Screen-empty">
          {trans.__('Add at least two runs: type their numbers, or choose them in a lineage.')}
        </p>
      ) : (
        <Compared key={runs.join()} runs={runs} />
      )}
    </div>
  );
}

/** The server compares no more at once. */
const MOST = 20;

function Compared({ runs }: { runs: readonly number[] }): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const [all, setAll] = React.useState(false);
  const [upstream, setUpstream] = React.useState(false);
  const asked = useAsked(
    React.useCallback(async () => {
      await here.ready();
      return await compareRuns(here.api, runs, upstream);
    }, [here, runs, upstream])
  );
  return (
    <>
      <p className="pm-Bar">
        <label>
          <input
            type="checkbox"
            checked={all}
            onChange={event => {
              setAll(event.target.checked);
            }}
          />{' '}
          {trans.__('Also what is the same')}
        </label>
        <label>
          <input
            type="checkbox"
            checked={upstream}
            onChange={event => {
              setUpstream(event.target.checked);
            }}
          />{' '}
          {trans.__('Also the parameters of everything they were made from')}
        </label>
      </p>
      <Shown asked={asked} loading={trans.__('Comparing…')}>
        {comparison => (
          <>
            <Results comparison={comparison} />
            {comparison.sections.map(section => (
              <Differences key={section.kind} section={section} comparison={comparison} all={all} />
            ))}
          </>
        )}
      </Shown>
    </>
  );
}

const TITLES: Record<ComparedSection['kind'], (trans: Trans) => string> = {
  record: trans => trans.__('Record'),
  parameters: trans => trans.__('Parameters'),
  inputs: trans => trans.__('Inputs'),
  metrics: trans => trans.__('Metrics'),
  outputs: trans => trans.__('Outputs'),
  environment: trans => trans.__('Environment'),
  upstream: trans => trans.__('Parameters of what they were made from')
};

interface IDifferencesProps {
  section: ComparedSection;
  comparison: Comparison;
  all: boolean;
}

function Differences({ section, comparison, all }: IDifferencesProps): React.JSX.Element | null {
  const { trans } = useHere();
  const rows = all ? section.rows : section.rows.filter(row => row.differs);
  if (section.rows.length === 0) {
    return null;
  }
  const title = TITLES[section.kind](trans);
  return (
    <Section
      title={title}
      extra={
        section.differing === 0
          ? trans.__('all the same')
          : trans._n('%1 difference', '%1 differences', section.differing)
      }
    >
      {rows.length > 0 && (
        <table className="pm-Table pm-Compare-table">
          <caption className="pm-offscreen">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('What')}</th>
              {comparison.runs.map(run => (
                <th key={run.run_id} scope="col">
                  <RunLink run={run.run_id} method={run.method} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={row.name} className={row.differs ? 'pm-mod-differs' : undefined}>
                <th scope="row">
                  {row.differs && (
                    <span className="pm-Compare-mark" title={trans.__('differs')}>
                      ≠<span className="pm-offscreen"> {trans.__('differs')}</span>
                    </span>
                  )}
                  {row.name}
                </th>
                {row.cells.map((cell, place) => (
                  <td
                    key={place}
                    className={row.changed[place] === true ? 'pm-Code pm-Changed' : 'pm-Code'}
                  >
                    {cell ?? <span className="pm-Muted">–</span>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

/** Pictures and tables of the same name beside each other. */
function Results({ comparison }: { comparison: Comparison }): React.JSX.Element {
  const { api, trans } = useHere();
  const { runs } = comparison;
  const asked = useAsked(
    React.useCallback(
      () => Promise.all(runs.map(({ run_id: run }) => listOutputs(api, run))),
      [api, runs]
    )
  );
  return (
    <Section title={trans.__('Results')}>
      <Shown asked={asked} loading={trans.__('Loading outputs…')}>
        {results => {
          const names = [
            ...new Set(results.flatMap(({ outputs }) => outputs.filter(visual).map(o => o.name)))
          ];
          return names.length === 0 ? (
            <p className="pm-Muted">{trans.__('They have no pictures and no tables.')}</p>
          ) : (
            names.map(name => (
              <div key={name} role="group" aria-label={name}>
                <h4>{name}</h4>
                <div className="pm-Compare-side">
                  {results.map(({ run_id: run, outputs, directory }) => {
                    const output = outputs.find(each => each.name === name);
                    return (
                      <figure key={run}>
                        <figcaption>
                          <RunLink run={run} />
                        </figcaption>
                        {output === undefined || directory === null ? (
                          <p className="pm-Muted">{trans.__('not there')}</p>
                        ) : (
                          <Preview
                            run={run}
                            path={output.base}
                            size={output.size_bytes}
                            label={trans.__('%1 of run %2', name, run)}
                            shape={shapeOf(output)}
                          />
                        )}
                      </figure>
                    );
                  })}
                </div>
              </div>
            ))
          );
        }}
      </Shown>
    </Section>
  );
}

function visual(output: Output): boolean {
  const shape = shapeOf(output);
  return shape === 'image' || shape === 'table';
}
