/** A part of the left panel that folds, and remembers that it does. */

import React from 'react';

/** Names of the parts. */
export type SectionName = 'methods' | 'templates' | 'plans' | 'runs';

interface IProps {
  title: string;
  count?: number | string;
  open: boolean;
  toggle: () => void;
  children: React.ReactNode;
}

export function Section({ title, count, open, toggle, children }: IProps): React.JSX.Element {
  const id = React.useId();
  return (
    <section className="pm-Part" aria-labelledby={id}>
      <h2 id={id}>
        <button type="button" className="pm-Part-fold" aria-expanded={open} onClick={toggle}>
          <span className="pm-Caret" aria-hidden="true" />
          {title}
          {count !== undefined && <span className="pm-Part-count">{count}</span>}
        </button>
      </h2>
      {open && <div className="pm-Part-body">{children}</div>}
    </section>
  );
}
