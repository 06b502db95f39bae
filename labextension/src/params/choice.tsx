/** One of a few ways, as a button that stays pressed. */

import React from 'react';

interface IChoice {
  label: string;
  chosen: boolean;
  disabled?: boolean;
  title?: string;
  choose: () => void;
}

export function Choice({ label, chosen, disabled, title, choose }: IChoice): React.JSX.Element {
  return (
    <button
      type="button"
      className="jp-mod-styled pm-Way"
      aria-pressed={chosen}
      disabled={disabled}
      title={title}
      onClick={choose}
    >
      {label}
    </button>
  );
}
