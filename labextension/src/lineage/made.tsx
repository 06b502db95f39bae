/** How a run was made, small: a click selects, the button opens the whole. */

import React from 'react';

import { CommandIDs } from '../commands';
import { useModel } from '../screen/asked';
import { useHere } from '../screen/here';
import { Action, Trouble } from '../screen/parts';
import { LineageModel } from './ask';
import { LineageView } from './view';

export function Made({ run }: { run: number }): React.JSX.Element {
  const here = useHere();
  const { commands, trans } = here;
  const model = React.useMemo(() => new LineageModel(here, run, 'up'), [here, run]);
  useModel(model);
  React.useEffect(() => {
    void model.refresh();
  }, [model]);
  const { state } = model;
  const open = (which: number): void => {
    void commands.execute(CommandIDs.openRun, { run: which });
  };
  if (state.kind === 'loading') {
    return <p role="status">{trans.__('Loading the lineage…')}</p>;
  }
  if (state.kind === 'failed') {
    return <Trouble error={state.error} again={() => void model.refresh()} />;
  }
  const others = state.value.runs.size - 1;
  return (
    <>
      <p className="pm-Bar">
        <span>
          {others === 0
            ? trans.__('It read no other run.')
            : trans._n('%1 run led to it', '%1 runs led to it', others)}
        </span>
        <Action
          label={trans.__('Open lineage')}
          onClick={() => void commands.execute(CommandIDs.openLineage, { run })}
        />
      </p>
      {others > 0 && (
        <LineageView
          graph={state.value}
          selected={[run]}
          onChoose={({ run_id }) => {
            if (run_id !== run) {
              open(run_id);
            }
          }}
          onOpen={open}
          label={trans.__('How run %1 was made', run)}
          small
        />
      )}
    </>
  );
}
