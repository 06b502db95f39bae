/**
 * A list in which something is chosen, and a button that does it: what a list does by itself would be
 * done by the first arrow key that is pressed in it.
 */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

export interface IDeed {
  /** Those with the same group stand together under it. */
  readonly group: string;
  readonly label: string;
  readonly detail?: string;
  choose(): void;
}

interface IProps {
  label: string;
  /** Whether the label is shown beside the list; otherwise it is only said. */
  isShown?: boolean;
  placeholder: string;
  button: string;
  deeds: readonly IDeed[];
  trans: TranslationBundle;
}

export function DeedList(props: IProps): React.JSX.Element {
  const { label, isShown = false, placeholder, button, deeds, trans } = props;
  const id = React.useId();
  const [chosen, setChosen] = React.useState('');
  const groups = [...new Set(deeds.map(each => each.group))];
  const keyOf = (deed: IDeed): string => `${deed.group} ${deed.label}`;
  const deed = deeds.find(each => keyOf(each) === chosen);
  const act = (): void => {
    if (deed !== undefined) {
      setChosen('');
      deed.choose();
    }
  };
  return (
    <div className="pm-Deeds">
      {isShown && <label htmlFor={id}>{label}</label>}
      <div className="pm-Deeds-row">
        <select
          id={id}
          className="jp-mod-styled"
          aria-label={isShown ? undefined : label}
          value={deed === undefined ? '' : chosen}
          onChange={event => {
            setChosen(event.target.value);
          }}
          onKeyDown={event => {
            if (event.key === 'Enter' && deed !== undefined && !event.ctrlKey && !event.metaKey) {
              event.preventDefault();
              act();
            }
          }}
        >
          <option value="">{placeholder}</option>
          {groups.map(group => (
            <optgroup key={group} label={group}>
              {deeds
                .filter(each => each.group === group)
                .map(each => (
                  <option key={keyOf(each)} value={keyOf(each)}>
                    {each.label}
                  </option>
                ))}
            </optgroup>
          ))}
        </select>
        <button
          type="button"
          className="jp-mod-styled"
          aria-label={trans.__('%1: %2', button, label)}
          aria-disabled={deed === undefined}
          onClick={act}
        >
          {button}
        </button>
      </div>
    </div>
  );
}
