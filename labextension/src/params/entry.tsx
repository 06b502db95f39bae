/** A field for one text that is given on as a whole: when it is left, or on Enter. */

import React from 'react';

import { isForWhole } from './keys';

interface IProps {
  /** The text that is set. */
  text: string;
  /** Where no label element names the field. */
  label?: string;
  /** Where a label element names the field. */
  id?: string;
  placeholder?: string;
  /** It has several lines: Enter begins the next one. */
  lines?: boolean;
  /** Texts that are offered; others can be typed. */
  offers?: readonly string[];
  disabled?: boolean;
  /** What the owner knows to be wrong with it, and says elsewhere. */
  isWrong?: boolean;
  /** Why a text cannot be, as a sentence; null, it can. */
  check?: (text: string) => string | null;
  /** What cannot be is given on all the same: somebody else has the last word. */
  lenient?: boolean;
  /** Called with the new text, without spaces around it. */
  onChange: (text: string) => void;
  /** What is pasted; true where it was more than a text for this field, and is dealt with. */
  onPaste?: (text: string) => boolean;
}

/**
 * What is typed stays until it is given on; Escape brings back what was set. A text that is set from
 * elsewhere (the canvas, undo) takes the place of what was typed.
 */
export function TextEntry(props: IProps): React.JSX.Element {
  const { text, label, placeholder, disabled = false, isWrong = false, lenient = false } = props;
  const { check, onChange, onPaste, offers = [], lines = false } = props;
  const own = React.useId();
  const id = props.id ?? own;
  const [typed, setTyped] = React.useState(text);
  const [from, setFrom] = React.useState(text);
  if (from !== text) {
    setFrom(text);
    setTyped(text);
  }
  const fault = check?.(typed.trim()) ?? null;
  const commit = (): void => {
    const next = typed.trim();
    // Left as it was: spaces around what is set are nobody's edit.
    if (typed !== text && next !== text && (fault === null || lenient)) {
      onChange(next);
    }
  };
  const common = {
    id,
    className: 'jp-mod-styled',
    'aria-label': label,
    'aria-invalid': isWrong || fault !== null,
    'aria-describedby': fault === null ? undefined : `${id}-fault`,
    placeholder,
    disabled,
    value: typed,
    onChange: (event: { target: { value: string } }) => {
      setTyped(event.target.value);
    },
    onBlur: commit,
    onKeyDown: (event: React.KeyboardEvent) => {
      if ((event.key === 'Enter' && !lines) || isForWhole(event)) {
        commit();
      } else if (event.key === 'Escape' && typed !== text) {
        // The dialog around it stays open.
        event.stopPropagation();
        setTyped(text);
      }
    }
  };
  return (
    <>
      {lines ? (
        <textarea {...common} rows={2} />
      ) : (
        <input
          {...common}
          type="text"
          list={offers.length === 0 ? undefined : `${id}-offers`}
          spellCheck={false}
          autoComplete="off"
          onPaste={event => {
            if (onPaste?.(event.clipboardData.getData('text/plain')) === true) {
              event.preventDefault();
            }
          }}
        />
      )}
      {offers.length > 0 && (
        <datalist id={`${id}-offers`}>
          {offers.map(each => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
      {fault !== null && (
        <span id={`${id}-fault`} className="pm-Fault" role="alert">
          {fault}
        </span>
      )}
    </>
  );
}
