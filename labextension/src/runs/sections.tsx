/** The parts of a run below its head, in the order of what is asked first. */

import React from 'react';

import type { RunDetails } from '../api/runs';
import { useHere } from '../screen/here';
import { Section } from '../screen/parts';
import { LogShown } from './log_shown';
import { LogView } from './log_view';
import { Metrics, Outputs } from './outputs';
import { changedText, Inputs, Parameters, Record } from './record';

interface IProps {
  run: RunDetails;
  /** Begin with how it was made: parameters and inputs before the result. */
  how?: boolean;
  /** Between the result and the parameters. */
  children?: React.ReactNode;
}

export function RunSections({ run, how = false, children }: IProps): React.JSX.Element {
  const { trans } = useHere();
  const failed = run.status === 'failed';
  const log = React.useContext(LogShown) && (
    <Section key="log" title={trans.__('Log')} open>
      <LogView key={run.run_id} run={run.run_id} atTraceback={failed} className="pm-mod-inside" />
    </Section>
  );
  const result = (
    <Section key="result" title={trans.__('Result')}>
      {run.status === 'running' ? (
        <p className="pm-Muted">{trans.__('It is still running: outputs appear when it ends.')}</p>
      ) : (
        <>
          <Metrics metrics={run.metrics} />
          <Outputs key={run.run_id} run={run.run_id} />
        </>
      )}
    </Section>
  );
  const made = (
    <React.Fragment key="made">
      <Section title={trans.__('Parameters')} extra={changedText(run.parameters, trans)}>
        <Parameters parameters={run.parameters} />
      </Section>
      <Section title={trans.__('Inputs')}>
        <Inputs inputs={run.inputs} />
      </Section>
    </React.Fragment>
  );
  const between = <React.Fragment key="between">{children}</React.Fragment>;
  const parts = failed
    ? how
      ? [log, made, result, between]
      : [log, result, between, made]
    : how
      ? [made, result, between, log]
      : [result, between, made, log];
  return (
    <>
      {parts}
      <Section title={trans.__('Record')}>
        <Record run={run} />
      </Section>
    </>
  );
}
