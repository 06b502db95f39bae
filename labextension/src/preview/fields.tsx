/** What a person says of a plan: its name, notes, and free metadata. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PlanDetails } from '../api/plans';
import type { IDraftParts } from '../api/preview';
import type { Metadata } from './model';

interface IProps {
  draft: PlanDetails;
  onChange: (parts: IDraftParts) => void;
  /** Change the metadata as it is then; tells whether it is stored. */
  onMetadata: (edit: (now: Metadata) => Metadata) => Promise<boolean>;
  trans: TranslationBundle;
}

export function DraftFields({ draft, onChange, onMetadata, trans }: IProps): React.JSX.Element {
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
      <MetadataFields draft={draft} onMetadata={onMetadata} trans={trans} />
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
  const [sent, setSent] = React.useState<string | null>(null);
  if (from !== text) {
    setFrom(text);
    // The answer to what was given on; meanwhile more may have been typed.
    if (text !== sent) {
      setTyped(text);
    }
  }
  const said = required ? typed.trim() : typed;
  const empty = required && said === '';
  const common = {
    id,
    className: 'jp-mod-styled',
    value: typed,
    'aria-invalid': empty,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      setTyped(event.target.value);
    },
    onBlur: () => {
      if (!empty && said !== text) {
        setSent(said);
        onChange(said);
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

/** What is in the fields for another entry at first. */
const NOTHING = { key: '', value: '' };

function MetadataFields(props: Omit<IProps, 'onChange'>): React.JSX.Element {
  const { draft, onMetadata, trans } = props;
  const id = React.useId();
  const [typed, setTyped] = React.useState(NOTHING);
  const { key, value } = typed;
  const entries = Object.entries<unknown>(draft.metadata);
  const taken = entries.some(([name]) => name === key.trim());
  const add = (): void => {
    if (key.trim() !== '' && !taken) {
      setTyped(NOTHING);
      void onMetadata(now => ({ ...now, [key.trim()]: value })).then(isStored => {
        if (!isStored) {
          // It is not lost, unless the next one is being typed already.
          setTyped(now => (now.key === '' && now.value === '' ? typed : now));
        }
      });
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
                    void onMetadata(now => {
                      const rest = Object.entries(now);
                      return Object.fromEntries(rest.filter(([other]) => other !== name));
                    });
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
            setTyped({ key: event.target.value, value });
          }}
        />
        <label htmlFor={`${id}-value`}>{trans.__('Value')}</label>
        <input
          id={`${id}-value`}
          type="text"
          className="jp-mod-styled"
          value={value}
          onChange={event => {
            setTyped({ key, value: event.target.value });
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
