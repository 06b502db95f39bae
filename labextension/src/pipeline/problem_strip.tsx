/** The strip below a drawing that says what is wrong with it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { explained } from '../explain/explanation';
import type { IPipelineModel } from '../tokens';

interface IStripProps {
  model: IPipelineModel;
  trans: TranslationBundle;
  /** Remove what the server does not know. */
  dropUnknown: () => void;
}

/** The strip below the drawing: there only when there is a problem. */
export function ProblemStrip({ model, trans, dropUnknown }: IStripProps): React.JSX.Element | null {
  const [isOpen, setOpen] = React.useState(false);
  if (model.checkError !== null && model.viewing === null) {
    const { title, text } = explained(model.checkError, trans);
    return (
      <div className="pm-Problems pm-mod-unchecked" role="status">
        <span>
          {trans.__('Not checked: %1. What is drawn is kept.', title)} {text[0] ?? ''}
        </span>
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            model.check();
          }}
        >
          {trans.__('Try again')}
        </button>
      </div>
    );
  }
  const { problems } = model;
  const [first] = problems;
  if (first === undefined) {
    return null;
  }
  const shown = isOpen ? problems.slice(0, 100) : problems.slice(0, 1);
  return (
    <div className="pm-Problems" role="region" aria-label={trans.__('Problems')}>
      <div className="pm-Problems-head" role="status">
        <span aria-hidden="true">⚠</span> {trans._n('%1 problem', '%1 problems', problems.length)}
      </div>
      <ul>
        {shown.map((problem, n) => (
          <li key={n}>
            {problem.step !== null && model.document.steps.has(problem.step) ? (
              <button
                type="button"
                className="pm-Problems-link"
                onClick={() => {
                  model.reveal(problem.step ?? '');
                }}
              >
                {problem.message}
              </button>
            ) : (
              problem.message
            )}
            {problem.code === 'unknown_key' && (
              <button type="button" className="jp-mod-styled" onClick={dropUnknown}>
                {trans.__('Remove what is unknown')}
              </button>
            )}
          </li>
        ))}
      </ul>
      {problems.length > 1 && (
        <button
          type="button"
          className="jp-mod-styled"
          aria-expanded={isOpen}
          onClick={() => {
            setOpen(!isOpen);
          }}
        >
          {isOpen ? trans.__('Show one') : trans.__('Show all')}
        </button>
      )}
    </div>
  );
}
