/**
 * One parameter: a field for its value, and what would arrive without it.
 *
 * An own small form over canonical text, not a JSON-schema form: JSON has one kind of number, so
 * such a form turns 1.0 into 1 and rounds large whole numbers before anybody can see it.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IParam } from '../api/methods';
import { isForWhole } from './keys';
import { check, fromText, toText } from './text';

interface IProps {
  /** `function.param`. */
  name: string;
  param: IParam;
  /** The text that is set; undefined, nothing is. */
  text: string | undefined;
  /** What the server says about the text that is set. */
  problems?: readonly string[];
  /** Called with the text that is to be set, or with undefined for nothing. */
  onChange: (text: string | undefined) => void;
  /** Offer to try several values; called with the first of them where one is set. */
  onSeveral?: () => void;
  trans: TranslationBundle;
}

export function ParamField(props: IProps): React.JSX.Element {
  const { name, param, text, problems = [], onChange, onSeveral, trans } = props;
  const id = React.useId();
  const isSet = text !== undefined;
  return (
    <div className="pm-Param" data-pm-set={isSet}>
      <div className="pm-Param-head">
        <label htmlFor={id}>{param.name}</label>
        <span className="pm-Param-type">{param.accepts.said}</span>
        {isSet && (
          <button
            type="button"
            className="pm-TextButton"
            aria-label={trans.__('Reset %1', name)}
            title={trans.__('Set nothing: %1', arrives(param, trans))}
            onClick={() => {
              onChange(undefined);
            }}
          >
            {trans.__('Reset')}
          </button>
        )}
        {onSeveral !== undefined && (
          <button
            type="button"
            className="pm-TextButton"
            aria-label={trans.__('Try several values of %1', name)}
            onClick={onSeveral}
          >
            {trans.__('Try several values')}
          </button>
        )}
      </div>
      <ValueInput
        id={id}
        param={param}
        text={text}
        problems={problems}
        onChange={onChange}
        trans={trans}
      />
      {param.doc !== '' && (
        <p className="pm-Param-doc" id={`${id}-doc`}>
          {param.doc}
        </p>
      )}
    </div>
  );
}

interface IInputProps {
  id: string;
  param: IParam;
  text: string | undefined;
  problems?: readonly string[];
  /** Where no label element names it. */
  label?: string;
  onChange: (text: string | undefined) => void;
  trans: TranslationBundle;
}

/**
 * The field itself. What is typed is given on when the field is left or Enter is pressed, wrong or
 * not: nothing typed is lost, and the server says the same of it.
 */
export function ValueInput(props: IInputProps): React.JSX.Element {
  const { id, param, text, problems = [], label, onChange, trans } = props;
  const shown = text === undefined ? '' : fromText(param.accepts, text);
  const [typed, setTyped] = React.useState(shown);
  const [from, setFrom] = React.useState(shown);
  if (from !== shown) {
    // Changed from elsewhere (undo, the canvas): what is set now is what is shown.
    setFrom(shown);
    setTyped(shown);
  }
  const fault = check(param.accepts, typed, trans);
  const told = fault === null ? (typed === shown ? problems : []) : [fault];
  const commit = (value: string): void => {
    if (value === shown) {
      return;
    }
    const next = value.trim() === '' ? undefined : toText(param.accepts, value);
    if (next !== text) {
      onChange(next);
    }
  };
  const options = choices(param);
  const common = {
    id,
    className: 'jp-mod-styled pm-Param-input',
    'aria-label': label,
    'aria-invalid': told.length > 0,
    'aria-describedby': [told.length > 0 ? `${id}-fault` : '', param.doc !== '' ? `${id}-doc` : '']
      .filter(part => part !== '')
      .join(' ')
  };
  return (
    <>
      {options !== null && (text === undefined || options.includes(text)) ? (
        <select
          {...common}
          value={text ?? ''}
          onChange={event => {
            onChange(event.target.value === '' ? undefined : event.target.value);
          }}
        >
          <option value="">{arrives(param, trans)}</option>
          {options.map(option => (
            <option key={option} value={option}>
              {option}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          type="text"
          spellCheck={false}
          autoComplete="off"
          placeholder={arrives(param, trans)}
          value={typed}
          onChange={event => {
            setTyped(event.target.value);
          }}
          onBlur={() => {
            commit(typed);
          }}
          onKeyDown={event => {
            if (event.key === 'Enter' || isForWhole(event)) {
              commit(typed);
            } else if (event.key === 'Escape' && typed !== shown) {
              event.stopPropagation();
              setTyped(shown);
            }
          }}
        />
      )}
      {told.length > 0 && (
        <div className="pm-Fault" id={`${id}-fault`} role="status">
          {told.map(sentence => (
            <p key={sentence}>{sentence}</p>
          ))}
        </div>
      )}
    </>
  );
}

/** What a list can offer, null where any text may be typed. */
function choices(param: IParam): readonly string[] | null {
  const { kind, choices: named, soft, items } = param.accepts;
  if (kind === 'bool' && !soft) {
    return ['True', 'False'];
  }
  if (kind === 'choice') {
    return named;
  }
  if (kind === 'union' && items.every(item => ['bool', 'choice', 'none'].includes(item.kind))) {
    return items.flatMap(item =>
      item.kind === 'bool' ? ['True', 'False'] : item.kind === 'none' ? ['None'] : item.choices
    );
  }
  return null;
}

/** What arrives when nothing is set. */
export function arrives(param: IParam, trans: TranslationBundle): string {
  if (param.call_site !== null) {
    return trans.__('%1 (given in the code)', fromText(param.accepts, param.call_site));
  }
  if (param.computed) {
    return trans.__('computed by the code');
  }
  if (param.default !== null) {
    return trans.__('%1 (default)', fromText(param.accepts, param.default));
  }
  return param.required ? trans.__('needs a value') : trans.__('computed by the code');
}
