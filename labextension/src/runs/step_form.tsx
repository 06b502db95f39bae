/** The form of a method that is run now: its inputs, its parameters, and the answer. */

import React from 'react';

import { runNow } from '../api/direct';
import { Refused } from '../api/errors';
import type { IVersion } from '../api/methods';
import { ParamField } from '../params/field';
import { useHere } from '../screen/here';
import { Action, RunLink, Trouble } from '../screen/parts';
import { Going } from './step_going';
import { linesOf, StepInput } from './step_inputs';

/** What is filled in already. */
export interface IBegun {
  readonly params: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly sample: string;
}

interface IProps {
  version: IVersion;
  begun: IBegun;
  /** Hears what is filled in. */
  keep: (begun: IBegun) => void;
}

export function StepForm({ version, begun, keep }: IProps): React.JSX.Element {
  const { api, trans } = useHere();
  const { inputs, tracked } = version.declaration;
  const [given, setGiven] = React.useState(begun.inputs);
  const [params, setParams] = React.useState(begun.params);
  const [sample, setSample] = React.useState(begun.sample);
  React.useEffect(() => {
    keep({ inputs: given, params, sample });
  }, [keep, given, params, sample]);
  /** What the chosen run filled in; typed over, it stays as typed. */
  const [offered, setOffered] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState<unknown>(null);
  const [run, setRun] = React.useState<number | null>(null);
  /** Goes up with every edit: an answer is about what was sent, not about what is there now. */
  const edits = React.useRef(0);
  const [outdated, setOutdated] = React.useState(false);
  const start = (rerun: boolean): void => {
    const sent = edits.current;
    setBusy(true);
    setError(null);
    setOutdated(false);
    runNow(api, {
      method: version.method,
      version: version.version,
      sample: sample.trim() === '' ? null : sample.trim(),
      params,
      inputs: inputs.flatMap(({ name }) =>
        linesOf(given[name] ?? '').map(text => ({ name, text }))
      ),
      rerun
    })
      .then(
        answer => {
          setRun(answer.run_id);
        },
        (reason: unknown) => {
          if (sent === edits.current) {
            setError(reason);
          } else {
            setOutdated(true);
          }
        }
      )
      .finally(() => {
        setBusy(false);
      });
  };
  // A refusal is about the values that were sent, and "all the same" would run others.
  const edited = (): void => {
    edits.current++;
    setError(null);
    setOutdated(false);
  };
  const set = (name: string, text: string | undefined): void => {
    edited();
    setParams(before => {
      const others = Object.entries(before).filter(([each]) => each !== name);
      return Object.fromEntries(text === undefined ? others : [...others, [name, text]]);
    });
  };
  const functions = tracked
    .map(each => ({
      name: each.function,
      params: each.params.filter(
        param => each.selected === null || each.selected.includes(param.name)
      )
    }))
    .filter(each => each.params.length > 0);
  return (
    <div className="pm-Step-both">
      <form
        className="pm-Step-form"
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
            <StepInput
              key={input.name}
              version={version}
              input={input}
              value={given[input.name] ?? ''}
              onChange={(text, samples) => {
                edited();
                setGiven({ ...given, [input.name]: text });
                const [only, ...others] = [...new Set(samples)];
                if (only !== undefined && others.length === 0 && sample === offered) {
                  setSample(only);
                  setOffered(only);
                }
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
                edited();
                setSample(event.target.value);
              }}
            />
          </label>
        </fieldset>
        {functions.map(each => (
          <fieldset key={each.name}>
            <legend>{trans.__('Parameters of %1', each.name)}</legend>
            {each.params.map(param => {
              const name = `${each.name}.${param.name}`;
              return (
                <ParamField
                  key={name}
                  name={name}
                  param={param}
                  text={params[name]}
                  onChange={text => {
                    set(name, text);
                  }}
                  trans={trans}
                />
              );
            })}
          </fieldset>
        ))}
        <p className="pm-Bar">
          <button type="submit" className="pm-Button pm-mod-main" disabled={busy}>
            {busy
              ? trans.__('Starting…')
              : trans.__('Run %1 v%2 now', version.method, version.version)}
          </button>
        </p>
        {outdated && (
          <p className="pm-Muted" role="status">
            {trans.__(
              'What was sent before your last change was not started. Run it as it is now.'
            )}
          </p>
        )}
        <Answer
          error={error}
          again={() => {
            start(true);
          }}
        />
      </form>
      {run !== null && <Going key={run} run={run} />}
    </div>
  );
}

interface IAnswerProps {
  error: unknown;
  again: () => void;
}

/** Why it was not started: brought into view, for the form may be longer than the screen. */
function Answer({ error, again }: IAnswerProps): React.JSX.Element {
  const { trans } = useHere();
  const place = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (error !== null) {
      place.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [error]);
  const reusable =
    error instanceof Refused && error.refusal.error === 'Reusable'
      ? error.refusal.run_id
      : undefined;
  return (
    <div ref={place}>
      {reusable !== undefined ? (
        <div className="pm-Trouble" role="alert">
          <span>
            {trans.__('An equal run answers already:')} <RunLink run={reusable} />
          </span>
          <Action label={trans.__('Run all the same')} onClick={again} />
        </div>
      ) : (
        error !== null && <Trouble error={error} />
      )}
    </div>
  );
}
