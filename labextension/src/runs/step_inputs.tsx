/** The inputs of a method that is run now: chosen among what earlier runs made, or typed. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { Candidates } from '../api/direct';
import { candidatesFor } from '../api/direct';
import type { IInput, IVersion } from '../api/methods';
import { useAsked } from '../screen/asked';
import { useHere } from '../screen/here';
import { Trouble } from '../screen/parts';

type Candidate = Candidates['candidates'][number];

interface IProps {
  version: IVersion;
  input: IInput;
  /** One text a line; an input that does not gather has one line. */
  value: string;
  /** `samples`: of the runs that were chosen. */
  onChange: (text: string, samples: readonly string[]) => void;
}

export function StepInput(props: IProps): React.JSX.Element {
  return props.input.type === 'upstream' ? <Upstream {...props} /> : <Typed {...props} />;
}

/** Something that is not the result of a run. */
function Typed({ input, value, onChange }: IProps): React.JSX.Element {
  const { trans } = useHere();
  const hint = input.type === 'file' ? trans.__('file:PATH') : trans.__('a value');
  return (
    <Field input={input}>
      {common => (
        <Text
          {...common}
          input={input}
          hint={hint}
          value={value}
          onChange={onChange}
          trans={trans}
        />
      )}
    </Field>
  );
}

/** What a select has for "none of these". */
const OTHER = 'other';

function Upstream({ version, input, value, onChange }: IProps): React.JSX.Element {
  const { api, trans } = useHere();
  const [typing, setTyping] = React.useState(false);
  const asked = useAsked(
    React.useCallback(
      () => candidatesFor(api, version.method, version.version, input.name),
      [api, version, input]
    )
  );
  const found = asked.value ?? [];
  const chosen = linesOf(value);
  const give = (texts: readonly string[]): void => {
    const runs = found.filter(({ text }) => texts.includes(text));
    onChange(
      texts.join('\n'),
      runs.flatMap(({ run }) => (run.sample === null ? [] : [run.sample]))
    );
  };
  const unlisted = chosen.some(text => !found.some(each => each.text === text));
  const free = typing || unlisted || (asked.value !== undefined && found.length === 0);
  const none = trans.__(
    'No completed run has an output that fits: type one, or run what makes it.'
  );
  return (
    <>
      {asked.state.kind === 'failed' && (
        <Trouble error={asked.state.error} again={() => void asked.refresh()} />
      )}
      {input.gather && !free ? (
        <fieldset className="pm-Step-members">
          <legend>
            {input.name} <span className="pm-Muted">{input.description}</span>
          </legend>
          {found.map(each => (
            <label key={each.text}>
              <input
                type="checkbox"
                checked={chosen.includes(each.text)}
                onChange={event => {
                  give(
                    event.target.checked
                      ? [...chosen, each.text]
                      : chosen.filter(text => text !== each.text)
                  );
                }}
              />{' '}
              {nameOf(each, trans)}
            </label>
          ))}
          <button
            type="button"
            className="pm-TextButton"
            onClick={() => {
              setTyping(true);
            }}
          >
            {trans.__('Type them instead')}
          </button>
        </fieldset>
      ) : (
        <Field input={input} note={free && found.length === 0 ? none : ''}>
          {common =>
            free ? (
              <Text
                {...common}
                input={input}
                hint={trans.__('run:47/table')}
                value={value}
                onChange={text => {
                  give(text.split('\n'));
                }}
                trans={trans}
              />
            ) : (
              <select
                {...common}
                className="pm-Field"
                required={input.required}
                value={value}
                onChange={event => {
                  if (event.target.value === OTHER) {
                    setTyping(true);
                  } else {
                    give(linesOf(event.target.value));
                  }
                }}
              >
                <option value="">
                  {asked.value === undefined
                    ? trans.__('Looking for runs…')
                    : trans.__('Choose the output of a run')}
                </option>
                {found.map(each => (
                  <option key={each.text} value={each.text}>
                    {nameOf(each, trans)}
                  </option>
                ))}
                <option value={OTHER}>{trans.__('Another one: type it')}</option>
              </select>
            )
          }
        </Field>
      )}
    </>
  );
}

/** "run 8 · quality_filter · field_04: nuclei". */
function nameOf({ run, output }: Candidate, trans: TranslationBundle): string {
  const words = [trans.__('run %1', run.run_id), run.method, run.sample ?? '', run.branch];
  return `${words.filter(word => word !== '').join(' · ')}: ${output.name}`;
}

export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
}

interface ICommon {
  id: string;
  'aria-describedby'?: string;
}

interface IFieldProps {
  input: IInput;
  note?: string;
  children: (common: ICommon) => React.ReactNode;
}

function Field({ input, note = '', children }: IFieldProps): React.JSX.Element {
  const { trans } = useHere();
  const id = React.useId();
  const text = [input.description, note].filter(part => part !== '').join(' ');
  return (
    <div className="pm-Step-field">
      <label htmlFor={id}>
        {input.name}
        {input.required ? '' : ` (${trans.__('may be left out')})`}
      </label>
      {children(text === '' ? { id } : { id, 'aria-describedby': `${id}-text` })}
      {text !== '' && (
        <small id={`${id}-text`} className="pm-Muted">
          {text}
        </small>
      )}
    </div>
  );
}

interface ITextProps extends ICommon {
  input: IInput;
  hint: string;
  value: string;
  onChange: (text: string, samples: readonly string[]) => void;
  trans: TranslationBundle;
}

/** One line, or one for each member. */
function Text({ input, hint, value, onChange, trans, ...common }: ITextProps): React.JSX.Element {
  const given = {
    ...common,
    className: 'pm-Field',
    value,
    required: input.required,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>): void => {
      onChange(event.target.value, []);
    }
  };
  return input.gather ? (
    <textarea {...given} rows={3} placeholder={`${hint}; ${trans.__('one a line')}`} />
  ) : (
    <input {...given} placeholder={hint} />
  );
}
