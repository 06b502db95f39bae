/** The tab of a lineage: the graph, and everything that is recorded of the selected run. */

import React from 'react';

import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import { useModel } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Choice, Trouble } from '../screen/parts';
import type { IChange } from '../tokens';
import { LineageModel } from './ask';
import { Body } from './body';
import { Exports } from './exports';
import type { IGraph } from './graph';
import type { ILineageArgs } from './look';
import { useLook } from './look';

interface IProps {
  args: ILineageArgs;
  tab: ITab<ILineageArgs>;
}

export default function LineageTab({ args, tab }: IProps): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const { run } = args;
  const { look, direction: directions, turn, moved, face } = useLook(args, tab);
  const model = React.useMemo(
    () => new LineageModel(here, run, directions),
    [here, run, directions]
  );
  useModel(model);
  React.useEffect(() => {
    void model.refresh();
  }, [model]);
  const [drawn, setDrawn] = React.useState<IGraph | null>(null);
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
        (change.kind === 'run' || change.kind === 'checked') && model.has(change.id),
      [model]
    ),
    model.refresh,
    1000
  );
  // A run that is not in it may be one that has just read what is.
  useChanges(
    React.useCallback(
      (change: IChange) => change.kind === 'run' && directions !== 'up' && !model.has(change.id),
      [model, directions]
    ),
    model.grown,
    5000
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
          onChange={face}
        />
        <Choice
          label={trans.__('Form')}
          value={look.form}
          options={[
            ['graph', trans.__('Graph')],
            ['table', trans.__('Table')]
          ]}
          onChange={form => {
            turn({ form });
          }}
        />
        <span className="pm-Bar-space" />
        {graph !== null && <Exports graph={graph} drawn={drawn ?? graph} directions={directions} />}
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
          <Body
            key={directions}
            graph={state.value}
            look={look}
            directions={directions}
            turn={turn}
            moved={moved}
            all={model.all}
            onDrawn={setDrawn}
          />
        </>
      )}
    </div>
  );
}
