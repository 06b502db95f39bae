/** The tab of a lineage: the graph, and everything that is recorded of the selected run. */

import React from 'react';

import { getRun } from '../api/runs';
import { CommandIDs } from '../commands';
import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import { Head } from '../runs/head';
import { RunSections } from '../runs/sections';
import { touches } from '../runs/tab';
import { useAsked, useModel } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Action, Choice, RunLink, Section, Shown, Trouble } from '../screen/parts';
import type { IChange } from '../tokens';
import type { Directions } from './ask';
import { LineageModel } from './ask';
import { Exports } from './exports';
import type { IGraph } from './graph';
import { LineageTable } from './table';
import { LineageView } from './view';

export interface ILineageArgs {
  run: number;
  direction: Directions;
  [name: string]: number | string;
}

interface IProps {
  args: ILineageArgs;
  tab: ITab;
}

export default function LineageTab({ args, tab }: IProps): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const { run } = args;
  const [directions, setDirections] = React.useState<Directions>(args.direction);
  const [answered, setAnswered] = React.useState(args);
  if (answered !== args) {
    // Asked for anew: in the direction that is wanted now.
    setAnswered(args);
    setDirections(args.direction);
  }
  const [form, setForm] = React.useState<'graph' | 'table'>('graph');
  const model = React.useMemo(
    () => new LineageModel(here, run, directions),
    [here, run, directions]
  );
  useModel(model);
  React.useEffect(() => {
    void model.refresh();
  }, [model]);
  const { state } = model;
  const graph = state.kind === 'ready' ? state.value : null;
  const method = graph?.runs.get(run)?.method;
  React.useEffect(() => {
    if (method !== undefined) {
      tab.setTitle(trans.__('Lineage %1 · %2', run, method));
    }
  }, [tab, run, method, trans]);
  useChanges(
    React.useCallback(
      (change: IChange) =>
        (change.kind === 'run' || change.kind === 'checked') && graph?.runs.has(change.id) === true,
      [graph]
    ),
    model.refresh,
    1000
  );

  if (state.kind === 'failed') {
    return (
      <ExplanationPanel
        explanation={explained(state.error, trans)}
        trans={trans}
        retry={() => void model.refresh()}
      />
    );
  }
  return (
    <div className="pm-Lineage">
      <div className="pm-Bar pm-Lineage-bar">
        <h2>{trans.__('Lineage of run %1', run)}</h2>
        <Choice
          label={trans.__('Direction')}
          value={directions}
          options={[
            ['up', trans.__('How it was made')],
            ['down', trans.__('What was made of it')],
            ['both', trans.__('Both')]
          ]}
          onChange={setDirections}
        />
        <Choice
          label={trans.__('Form')}
          value={form}
          options={[
            ['graph', trans.__('Graph')],
            ['table', trans.__('Table')]
          ]}
          onChange={setForm}
        />
        <span className="pm-Bar-space" />
        {graph !== null && <Exports graph={graph} directions={directions} />}
      </div>
      {state.kind === 'loading' ? (
        <p className="pm-Screen-loading" role="status">
          {trans.__('Loading the lineage…')}
        </p>
      ) : (
        <>
          {state.trouble !== null && (
            <Trouble error={state.trouble} again={() => void model.refresh()} />
          )}
          <Body key={directions} graph={state.value} form={form} all={model.all} />
        </>
      )}
    </div>
  );
}

interface IBodyProps {
  graph: IGraph;
  form: 'graph' | 'table';
  all: () => Promise<void>;
}

function Body({ graph, form, all }: IBodyProps): React.JSX.Element {
  const { commands, trans } = useHere();
  const [selected, setSelected] = React.useState<number[]>([graph.asked]);
  const current = selected[selected.length - 1] ?? graph.asked;
  const open = (run: number): void => {
    void commands.execute(CommandIDs.openRun, { run });
  };
  const compare = selected.length > 1 && commands.hasCommand(CommandIDs.compare);
  return (
    <div className="pm-Lineage-body">
      <section className="pm-Lineage-left" aria-label={trans.__('Graph of the lineage')}>
        {graph.truncated && (
          <p className="pm-Bar pm-Log-note">
            {trans.__('It has more runs; the %1 nearest are shown.', graph.runs.size)}{' '}
            <Action label={trans.__('Show all')} onClick={() => void all()} />
          </p>
        )}
        {compare && (
          <p className="pm-Bar pm-Log-note">
            {trans._n('%1 run chosen', '%1 runs chosen', selected.length)}
            <Action
              label={trans.__('Compare')}
              onClick={() => void commands.execute(CommandIDs.compare, { runs: selected })}
            />
          </p>
        )}
        {form === 'graph' ? (
          <LineageView
            graph={graph}
            selected={selected}
            onSelect={setSelected}
            onOpen={open}
            label={trans.__('Lineage of run %1, %2 runs', graph.asked, graph.runs.size)}
          />
        ) : (
          <LineageTable graph={graph} selected={selected} onSelect={setSelected} />
        )}
      </section>
      <aside className="pm-Lineage-right" aria-label={trans.__('The selected run')}>
        <Selected key={current} run={current} graph={graph} />
      </aside>
    </div>
  );
}

function Selected({ run, graph }: { run: number; graph: IGraph }): React.JSX.Element {
  const { api, commands, trans } = useHere();
  const asked = useAsked(React.useCallback(() => getRun(api, run), [api, run]));
  useChanges(
    React.useCallback((change: IChange) => touches(change, run), [run]),
    asked.refresh
  );
  const readers = graph.readers.get(run) ?? [];
  return (
    <Shown asked={asked} loading={trans.__('Loading run %1…', run)}>
      {details => (
        <>
          <Head run={details} lineage={false} />
          <p className="pm-Bar pm-Head-more">
            <Action
              label={trans.__('Open run')}
              onClick={() => void commands.execute(CommandIDs.openRun, { run })}
            />
            {run !== graph.asked && (
              <Action
                label={trans.__('Lineage of this run')}
                onClick={() => void commands.execute(CommandIDs.openLineage, { run })}
              />
            )}
          </p>
          <RunSections run={details}>
            {readers.length > 0 && (
              <Section title={trans.__('Read by')}>
                <p className="pm-Bar">
                  {readers.slice(0, 50).map(each => (
                    <RunLink key={each} run={each} method={graph.runs.get(each)?.method ?? null} />
                  ))}
                  {readers.length > 50 && trans.__('and %1 more', readers.length - 50)}
                </p>
              </Section>
            )}
          </RunSections>
        </>
      )}
    </Shown>
  );
}
