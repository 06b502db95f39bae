/** What a person says of a plan: its name, notes, and free metadata. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PlanDetails } from '../api/plans';
import type { IDraftParts } from '../api/preview';

interface IProps {
  draft: PlanDetails;
  onChange: (parts: IDraftParts) => void;
  trans: TranslationBundle;
}

export function DraftFields({ draft, onChange, trans }: IProps): React.JSX.Element {
  return (
    <section className="pm-Preview-fields" aria-label={trans.__('About this plan')}>
      <TextField
        label={trans.__('Name')}
        text={draft.name}
        required
        onChange={name => {
          onChange({ name });
        }}
        trans={trans}
      />
      <TextField
        label={trans.__('Notes')}
        text={draft.notes}
        lines={2}
        onChange={notes => {
          onChange({ notes });
        }}
        trans={trans}
      />
      <Metadata draft={draft} onChange={onChange} trans={trans} />
    </section>
  );
}

interface ITextProps {
  label: string;
  text: string;
  required?: boolean;
  lines?: number;
  onChange: (text: string) => void;
  trans: TranslationBundle;
}

/** A field that gives its text on when it is left. */
function TextField(props: ITextProps): React.JSX.Element {
  const { label, text, required = false, lines, onChange, trans } = props;
  const id = React.useId();
  const [typed, setTyped] = React.useState(text);
  const [from, setFrom] = React.useState(text);
  if (from !== text) {
    setFrom(text);
    setTyped(text);
  }
  const empty = required && typed.trim() === '';
  const common = {
    id,
    className: 'jp-mod-styled',
    value: typed,
    'aria-invalid': empty,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      setTyped(event.target.value);
    },
    onBlur: () => {
      if (!empty && typed !== text) {
        onChange(required ? typed.trim() : typed);
      }
    }
  };
  return (
    <div className="pm-Entry">
      <label htmlFor={id}>{label}</label>
      {lines === undefined ? (
        <input type="text" {...common} />
      ) : (
        <textarea rows={lines} {...common} />
      )}
      {empty && (
        <span className="pm-Fault" role="status">
          {trans.__('A plan needs a name.')}
        </span>
      )}
    </div>
  );
}

function Metadata({ draft, onChange, trans }: IProps): React.JSX.Element {
  const id = React.useId();
  const [key, setKey] = React.useState('');
  const [value, setValue] = React.useState('');
  const entries = Object.entries<unknown>(draft.metadata);
  const taken = entries.some(([name]) => name === key.trim());
  const add = (): void => {
    if (key.trim() !== '' && !taken) {
      onChange({ metadata: { ...Object.fromEntries(entries), [key.trim()]: value } });
      setKey('');
      setValue('');
    }
  };
  return (
    <fieldset className="pm-Metadata">
      <legend>{trans.__('Metadata')}</legend>
      {entries.length > 0 && (
        <dl className="pm-Values">
          {entries.map(([name, told]) => (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>
                {typeof told === 'string' ? told : JSON.stringify(told)}{' '}
                <button
                  type="button"
                  className="pm-TextButton"
                  aria-label={trans.__('Remove metadata %1', name)}
                  onClick={() => {
                    const rest = entries.filter(([other]) => other !== name);
                    onChange({ metadata: Object.fromEntries(rest) });
                  }}
                >
                  {trans.__('Remove')}
                </button>
              </dd>
            </React.Fragment>
          ))}
        </dl>
      )}
      <div className="pm-Row">
        <label htmlFor={`${id}-key`}>{trans.__('Key')}</label>
        <input
          id={`${id}-key`}
          type="text"
          className="jp-mod-styled"
          aria-invalid={taken}
          placeholder={trans.__('ticket')}
          value={key}
          onChange={event => {
            setKey(event.target.value);
          }}
        />
        <label htmlFor={`${id}-value`}>{trans.__('Value')}</label>
        <input
          id={`${id}-value`}
          type="text"
          className="jp-mod-styled"
          value={value}
          onChange={event => {
            setValue(event.target.value);
          }}
          onKeyDown={event => {
            if (event.key === 'Enter') {
              add();
            }
          }}
        />
        <button
          type="button"
          className="jp-mod-styled"
          disabled={key.trim() === '' || taken}
          title={taken ? trans.__('This key has a value already; remove it first.') : ''}
          onClick={add}
        >
          {trans.__('Add')}
        </button>
      </div>
    </fieldset>
  );
}
