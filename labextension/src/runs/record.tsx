/** What is recorded of a run: parameters, inputs, and who made it when, where and with what. */

import React from 'react';

import type { RunDetails, RunInput, RunParameter } from '../api/runs';
import { Ago } from '../screen/ago';
import { useHere } from '../screen/here';
import { Facts, PlanLink, RunLink } from '../screen/parts';
import { bytes, figure, secondsBetween, took } from '../screen/words';
import { CodeLink } from './code';

type Trans = ReturnType<typeof useHere>['trans'];

/** What about a parameter is not as usual, in words. */
export function remarks(parameter: RunParameter, trans: Trans): string[] {
  const found: string[] = parameter.changed === true ? [trans.__('changed from the default')] : [];
  if (parameter.not_applied) {
    found.push(trans.__('not applied: its function was never called'));
  } else if (parameter.is_set) {
    found.push(trans.__('set by the plan'));
  }
  if (parameter.unexpected) {
    found.push(
      parameter.expected === null
        ? trans.__('computed by the code')
        : trans.__('expected %1', parameter.expected)
    );
  }
  if (!parameter.reported && !parameter.not_applied) {
    found.push(trans.__('expected, not reported by the run'));
  }
  if (parameter.arrived.length > 1) {
    found.push(trans.__('several values arrived'));
  }
  return found;
}

/** The values of a parameter as text. */
export function valuesOf(parameter: RunParameter): string {
  return parameter.values.join(', ');
}

/** How many parameters of a run are not as by default. */
export function changedText(parameters: readonly RunParameter[], trans: Trans): string {
  const changed = parameters.filter(parameter => parameter.changed === true).length;
  const set = parameters.filter(({ stated, changed }) => stated && changed === null).length;
  const told = [
    ...(changed > 0
      ? [trans._n('%1 differs from its default', '%1 differ from their default', changed)]
      : []),
    ...(set > 0
      ? [trans._n('%1 without a default is set', '%1 without a default are set', set)]
      : [])
  ];
  if (told.length > 0) {
    return told.join(', ');
  }
  return parameters.every(parameter => parameter.changed === false)
    ? trans.__('all as by default')
    : trans.__('none differs from its default');
}

/** Every parameter; those that differ from their default, or are set and have none, come first and are bold. */
export function Parameters({
  parameters
}: {
  parameters: readonly RunParameter[];
}): React.JSX.Element {
  const { trans } = useHere();
  if (parameters.length === 0) {
    return <p className="pm-Muted">{trans.__('This version tracks no parameters.')}</p>;
  }
  const sorted = [...parameters].sort((a, b) => Number(b.stated) - Number(a.stated));
  return (
    <table className="pm-Table pm-Parameters">
      <caption className="pm-offscreen">{trans.__('Parameters')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Parameter')}</th>
          <th scope="col">{trans.__('Value')}</th>
          <th scope="col">{trans.__('Default')}</th>
          <th scope="col">{trans.__('Remarks')}</th>
        </tr>
      </thead>
      <tbody>
        {sorted.map(parameter => (
          <tr
            key={`${parameter.function}.${parameter.name}`}
            className={parameter.stated ? 'pm-mod-changed' : undefined}
          >
            <th scope="row" title={parameter.type}>
              <span className="pm-Muted">{parameter.function}.</span>
              {parameter.name}
            </th>
            <td className={parameter.stated ? 'pm-Code pm-Changed' : 'pm-Code'}>
              {valuesOf(parameter)}
            </td>
            <td className="pm-Code pm-Muted" data-pm-title={trans.__('Default')}>
              {parameter.default ?? trans.__('none')}
            </td>
            <td>{remarks(parameter, trans).join('; ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Where the data came from: runs as links, files and values as recorded. */
export function Inputs({ inputs }: { inputs: readonly RunInput[] }): React.JSX.Element {
  const { trans } = useHere();
  if (inputs.length === 0) {
    return <p className="pm-Muted">{trans.__('It read no inputs.')}</p>;
  }
  return (
    <table className="pm-Table">
      <caption className="pm-offscreen">{trans.__('Inputs')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('Input')}</th>
          <th scope="col">{trans.__('From')}</th>
          <th scope="col">{trans.__('What')}</th>
        </tr>
      </thead>
      <tbody>
        {inputs.map(input => (
          <tr key={`${input.name}-${input.ordinal}`}>
            <th scope="row">
              {input.name}
              {input.label !== null && <span className="pm-Table-id">{input.label}</span>}
            </th>
            <td>
              {input.source_run_id === null ? (
                SOURCES[input.type](trans)
              ) : (
                <>
                  <RunLink run={input.source_run_id} method={input.source_method} />
                  {input.source_version !== null && ` v${input.source_version}`}
                </>
              )}
              <EqualBytes runs={input.equal_bytes} />
            </td>
            <td className="pm-Code" title={input.checksum ?? undefined}>
              {what(input)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** "equal bytes of run 12 (plan 5)": whose output a plan counted on that reuses this run. */
function EqualBytes({ runs }: { runs: RunInput['equal_bytes'] }): React.JSX.Element | null {
  const { trans } = useHere();
  if (runs.length === 0) {
    return null;
  }
  return (
    <div className="pm-Muted">
      {trans.__('equal bytes of')}{' '}
      {runs.map((each, place) => (
        <React.Fragment key={each.run_id}>
          {place > 0 && ', '}
          <RunLink run={each.run_id} /> (<PlanLink plan={each.plan_id} />)
        </React.Fragment>
      ))}
    </div>
  );
}

const SOURCES: Record<RunInput['type'], (trans: Trans) => string> = {
  upstream: trans => trans.__('another run'),
  file: trans => trans.__('a file'),
  value: trans => trans.__('a value'),
  list: trans => trans.__('a list')
};

function what(input: RunInput): string {
  const { source_output: output, source_path: path } = input;
  if (output !== null) {
    return path === null || path === output ? output : `${output} (${path})`;
  }
  return path ?? input.text ?? input.path ?? '';
}

/** Who, when, where, with what; and when it was last found to be unchanged. */
export function Record({ run }: { run: RunDetails }): React.JSX.Element {
  const { trans } = useHere();
  const environment = run.environment as Record<string, unknown>;
  const imports = (environment['imports'] ?? {}) as Record<string, string>;
  const verified = [...run.events].filter(event => event.kind === 'verify').pop();
  const seconds = secondsBetween(run.started_at, run.finished_at);
  return (
    <>
      <Facts
        facts={[
          [trans.__('Method'), `${run.module} / ${run.method} v${run.version}`],
          [trans.__('Code'), <CodeLink key="code" run={run} />],
          [trans.__('Sample'), run.sample],
          [trans.__('Branch'), run.branch],
          [
            trans.__('Plan'),
            run.plan_id === null ? null : (
              <>
                <PlanLink plan={run.plan_id} />
                {run.plan_name === null ? '' : ` · ${run.plan_name}`}
                {run.step === null ? '' : ` · ${trans.__('step %1', run.step)}`}
              </>
            )
          ],
          [trans.__('Attempt'), run.attempt > 1 ? String(run.attempt) : null],
          [trans.__('Started'), <Ago key="started" time={run.started_at} />],
          [
            trans.__('Ended'),
            run.finished_at === null ? null : (
              <>
                <Ago time={run.finished_at} /> ({took(seconds, trans)})
              </>
            )
          ],
          [trans.__('By'), `${run.created_by} · ${run.host}`],
          [
            trans.__('Used'),
            [
              run.cpu_seconds === null
                ? ''
                : trans.__('%1 s of processor time', figure(run.cpu_seconds)),
              run.peak_rss_bytes === null ? '' : trans.__('%1 of memory', bytes(run.peak_rss_bytes))
            ]
              .filter(text => text !== '')
              .join(' · ')
          ],
          [
            trans.__('Environment'),
            [environment['kind'], environment['python']].filter(Boolean).join(' · Python ')
          ],
          [
            trans.__('Imported'),
            Object.entries(imports)
              .map(([name, version]) => `${name} ${version}`)
              .join(', ')
          ],
          [
            trans.__('Folder'),
            run.directory === null ? null : <code key="d">{run.directory}</code>
          ],
          [trans.__('Scheduler job'), run.scheduler_job_id],
          [
            trans.__('Verified'),
            verified === undefined ? (
              trans.__('not since it was recorded')
            ) : (
              <>
                <Ago time={verified.created_at} /> · {verified.result} ({verified.tier})
              </>
            )
          ],
          [trans.__('Identity'), <code key="uuid">{run.uuid}</code>],
          ...Object.entries(run.metadata as Record<string, unknown>).map(
            ([name, value]): [string, React.ReactNode] => [name, figure(value)]
          )
        ]}
      />
      {run.events.length > 0 && <Events events={run.events} />}
    </>
  );
}

function Events({ events }: { events: RunDetails['events'] }): React.JSX.Element {
  const { trans } = useHere();
  return (
    <table className="pm-Table">
      <caption>{trans.__('What was found or said about its files')}</caption>
      <thead>
        <tr>
          <th scope="col">{trans.__('When')}</th>
          <th scope="col">{trans.__('What')}</th>
          <th scope="col">{trans.__('File')}</th>
          <th scope="col">{trans.__('By')}</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event, place) => (
          <tr key={place}>
            <td>
              <Ago time={event.created_at} />
            </td>
            <td>
              {[event.kind, event.tier, event.result, event.reason].filter(Boolean).join(' · ')}
            </td>
            <td>{event.file ?? ''}</td>
            <td>{event.created_by}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
