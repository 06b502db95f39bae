/** Run one method now: its inputs, its parameters, and the run while it goes on. */

import React from 'react';

import { candidatesFor, runNow } from '../api/direct';
import { Refused } from '../api/errors';
import type { IInput, IMethod, IParam, IVersion } from '../api/methods';
import { getVersion, listMethods } from '../api/methods';
import { getRun } from '../api/runs';
import { useAsked } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useChanges, useHere } from '../screen/here';
import { Action, RunLink, RunState, Section, Shown, Trouble } from '../screen/parts';
import type { IChange } from '../tokens';
import { LogView } from './log_view';
import { Metrics, Outputs } from './outputs';
import { touches } from './tab';

export interface IStepArgs {
  method: string;
  /** 0 is the latest. */
  version: number;
  [name: string]: string | number;
}

export default function StepTab({ args, tab }: { args: IStepArgs; tab: ITab }): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const [method, setMethod] = React.useState(args.method);
  const methods = useAsked(
    React.useCallback(async () => {
      await here.ready();
      return await listMethods(here.api);
    }, [here])
  );
  React.useEffect(() => {
    tab.setTitle(method === '' ? trans.__('Run a method') : trans.__('Run %1', method));
  }, [tab, method, trans]);
  return (
    <Shown asked={methods} loading={trans.__('Loading methods…')}>
      {all => (
        <div className="pm-Step">
          <h2>{method === '' ? trans.__('Run a method') : trans.__('Run %1 now', method)}</h2>
          <label className="pm-Bar">
            {trans.__('Method')}
            <select
              className="pm-Field"
              value={method}
              onChange={event => {
                setMethod(event.target.value);
              }}
            >
              <option value="">{trans.__('Choose a method')}</option>
              {all.map(each => (
                <option key={each.method} value={each.method}>
                  {each.method}
                </option>
              ))}
            </select>
          </label>
          <Chosen
            key={method}
            method={all.find(each => each.method === method)}
            version={method === args.method ? args.version : 0}
          />
        </div>
      )}
    </Shown>
  );
}

interface IChosenProps {
  method: IMethod | undefined;
  version: number;
}

function Chosen({ method, version }: IChosenProps): React.JSX.Element | null {
  const { trans } = useHere();
  if (method === undefined) {
    return null;
  }
  const { latest } = method;
  if (latest === null) {
    return <p className="pm-Muted">{trans.__('This method has no version yet.')}</p>;
  }
  return version === 0 || version === latest.version ? (
    <Form version={latest} />
  ) : (
    <OldVersion method={method.method} version={version} />
  );
}

function OldVersion({ method, version }: { method: string; version: number }): React.JSX.Element {
  const { api, trans } = useHere();
  const asked = useAsked(
    React.useCallback(() => getVersion(api, method, version), [api, method, version])
  );
  return (
    <Shown asked={asked} loading={trans.__('Loading version %1…', version)}>
      {found => <Form version={found} />}
    </Shown>
  );
}

function Form({ version }: { version: IVersion }): React.JSX.Element {
  const { api, trans } = useHere();
  const { inputs, tracked } = version.declaration;
  const [given, setGiven] = React.useState<Record<string, string>>({});
  const [params, setParams] = React.useState<Record<string, string>>({});
  const [sample, setSample] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState<unknown>(null);
  const [run, setRun] = React.useState<number | null>(null);
  const start = (rerun: boolean): void => {
    setBusy(true);
    setError(null);
    runNow(api, {
      method: version.method,
      version: version.version,
      sample: sample.trim() === '' ? null : sample.trim(),
      params: Object.fromEntries(Object.entries(params).filter(([, text]) => text !== '')),
      inputs: inputs.flatMap(input => textsOf(input, given[input.name] ?? '')),
      rerun
    })
      .then(answer => {
        setRun(answer.run_id);
      }, setError)
      .finally(() => {
        setBusy(false);
      });
  };
  const reusable =
    error instanceof Refused && error.refusal.error === 'Reusable'
      ? error.refusal.run_id
      : undefined;
  return (
    <>
      <form
        onSubmit={event => {
          event.preventDefault();
          start(false);
        }}
      >
        <fieldset>
          <legend>{trans.__('Inputs')}</legend>
          {inputs.length === 0 && (
            <p className="pm-Muted">{trans.__('This method reads nothing.')}</p>
          )}
          {inputs.map(input => (
            <Input
              key={input.name}
              version={version}
              input={input}
              value={given[input.name] ?? ''}
              onChange={text => {
                setGiven({ ...given, [input.name]: text });
              }}
            />
          ))}
          <label className="pm-Step-field">
            <span>{trans.__('sample')}</span>
            <input
              className="pm-Field"
              value={sample}
              placeholder={trans.__('which sample the data is of')}
              onChange={event => {
                setSample(event.target.value);
              }}
            />
          </label>
        </fieldset>
        <fieldset>
          <legend>{trans.__('Parameters')}</legend>
          {tracked.flatMap(each =>
            each.params
              .filter(param => each.selected === null || each.selected.includes(param.name))
              .map(param => {
                const name = `${each.function}.${param.name}`;
                return (
                  <Parameter
                    key={name}
                    name={name}
                    param={param}
                    value={params[name] ?? ''}
                    onChange={text => {
                      setParams({ ...params, [name]: text });
                    }}
                  />
                );
              })
          )}
        </fieldset>
        <button type="submit" className="pm-Button pm-mod-main" disabled={busy}>
          {busy
            ? trans.__('Starting…')
            : trans.__('Run %1 v%2 now', version.method, version.version)}
        </button>
      </form>
      {reusable !== undefined ? (
        <div className="pm-Trouble" role="alert">
          <span>
            {trans.__('An equal run answers already:')} <RunLink run={reusable} />
          </span>
          <Action
            label={trans.__('Run all the same')}
            onClick={() => {
              start(true);
            }}
          />
        </div>
      ) : (
        error !== null && <Trouble error={error} />
      )}
      {run !== null && <Going key={run} run={run} />}
    </>
  );
}

/** What was typed for an input; a gathering one takes a line for each member. */
function textsOf(input: IInput, typed: string): { name: string; text: string }[] {
  const texts = input.gather ? typed.split('\n') : [typed];
  return texts
    .map(text => text.trim())
    .filter(text => text !== '')
    .map(text => ({ name: input.name, text }));
}

interface IInputProps {
  version: IVersion;
  input: IInput;
  value: string;
  onChange: (text: string) => void;
}

function Input({ version, input, value, onChange }: IInputProps): React.JSX.Element {
  const { api, trans } = useHere();
  const list = React.useId();
  const upstream = input.type === 'upstream';
  const candidates = useAsked(
    React.useCallback(
      () =>
        upstream
          ? candidatesFor(api, version.method, version.version, input.name)
          : Promise.resolve([]),
      [api, version, input, upstream]
    )
  );
  const hint = upstream
    ? trans.__('run:47/table, or choose')
    : input.type === 'file'
      ? trans.__('file:PATH')
      : trans.__('a value');
  return (
    <label className="pm-Step-field">
      <span>
        {input.name}
        {input.required ? '' : ` (${trans.__('may be left out')})`}
      </span>
      {input.gather ? (
        <textarea
          className="pm-Field"
          rows={3}
          value={value}
          placeholder={`${hint}; ${trans.__('one a line')}`}
          onChange={event => {
            onChange(event.target.value);
          }}
        />
      ) : (
        <input
          className="pm-Field"
          list={list}
          value={value}
          placeholder={hint}
          required={input.required}
          onChange={event => {
            onChange(event.target.value);
          }}
        />
      )}
      <datalist id={list}>
        {(candidates.value ?? []).map(({ run, text }) => (
          <option key={text} value={text}>
            {[run.method, run.sample ?? '', run.branch].filter(word => word !== '').join(' · ')}
          </option>
        ))}
      </datalist>
      {input.description !== '' && <small className="pm-Muted">{input.description}</small>}
    </label>
  );
}

interface IParameterProps {
  name: string;
  param: IParam;
  value: string;
  onChange: (text: string) => void;
}

function Parameter({ name, param, value, onChange }: IParameterProps): React.JSX.Element {
  const { trans } = useHere();
  return (
    <label className="pm-Step-field">
      <span>{name}</span>
      <input
        className="pm-Field pm-Code"
        value={value}
        placeholder={param.expected ?? trans.__('computed by the code')}
        onChange={event => {
          onChange(event.target.value);
        }}
      />
      <small className="pm-Muted">
        {[param.accepts.said, param.doc].filter(text => text !== '').join(' · ')}
      </small>
    </label>
  );
}

/** The run, from its first line to its result. */
function Going({ run }: { run: number }): React.JSX.Element {
  const { api, trans } = useHere();
  const asked = useAsked(React.useCallback(() => getRun(api, run), [api, run]));
  useChanges(
    React.useCallback((change: IChange) => touches(change, run), [run]),
    asked.refresh
  );
  return (
    <Shown asked={asked} loading={trans.__('Loading run %1…', run)}>
      {details => (
        <section aria-label={trans.__('Run %1', run)}>
          <p className="pm-Bar">
            <RunLink run={run} method={details.method} /> <RunState run={details} />
          </p>
          {details.status !== 'running' && (
            <Section title={trans.__('Result')}>
              <Metrics metrics={details.metrics} />
              <Outputs run={run} />
            </Section>
          )}
          <Section title={trans.__('Log')}>
            <LogView
              run={run}
              atTraceback={details.status === 'failed'}
              className="pm-mod-inside"
            />
          </Section>
        </section>
      )}
    </Shown>
  );
}
