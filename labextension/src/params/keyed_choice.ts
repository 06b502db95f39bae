/** A list in which arrow keys look, and only Enter or going on takes. */

import React from 'react';

/** What is given to the `select` element. */
interface IKeyedSelect {
  readonly value: string;
  readonly onKeyDown: (event: React.KeyboardEvent<HTMLSelectElement>) => void;
  readonly onChange: (event: React.ChangeEvent<HTMLSelectElement>) => void;
  readonly onBlur: () => void;
  readonly onPointerDown: () => void;
}

/**
 * A browser changes a closed list at each arrow key and letter; what is chosen so is only shown, until
 * Enter, or the focus, goes on. Escape brings back what is set. A choice by mouse, or in the opened
 * list, is taken at once.
 *
 * @param value - what is set
 * @param take - called with what was chosen
 * @returns what the list shows and is not taken yet, null where nothing, and what makes it so
 */
export function useKeyedChoice(
  value: string,
  take: (value: string) => void
): { looked: string | null; select: IKeyedSelect } {
  const [looked, setLooked] = React.useState<string | null>(null);
  const [from, setFrom] = React.useState(value);
  if (from !== value) {
    // Set from elsewhere, as by undo.
    setFrom(value);
    setLooked(null);
  }
  const isKeyed = React.useRef(false);
  const settle = (): void => {
    isKeyed.current = false;
    if (looked !== null) {
      setLooked(null);
      if (looked !== value) {
        take(looked);
      }
    }
  };
  return {
    looked: looked === value ? null : looked,
    select: {
      value: looked ?? value,
      onKeyDown: event => {
        if (event.key === 'Enter') {
          if (looked !== null) {
            // It takes what is shown; a browser would open its list over that.
            event.preventDefault();
          }
          settle();
        } else if (event.key === 'Escape' && looked !== null) {
          // What is around it stays open.
          event.stopPropagation();
          setLooked(null);
        } else if (event.key !== 'Tab') {
          isKeyed.current = !event.altKey && event.key !== ' ';
        }
      },
      onChange: event => {
        if (isKeyed.current) {
          setLooked(event.target.value);
        } else {
          setLooked(null);
          take(event.target.value);
        }
      },
      onBlur: settle,
      onPointerDown: () => {
        isKeyed.current = false;
      }
    }
  };
}
