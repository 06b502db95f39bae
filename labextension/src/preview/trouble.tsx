/** What stands between a preview and its run: problems, and what changed since. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PreviewWithTree } from '../api/preview';
import type { PreviewModel } from './model';
import type { IPreviewLinks } from './view';

export function Difference(props: {
  model: PreviewModel;
  difference: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { model, difference, trans } = props;
  return (
    <div className="pm-Warning" role="alert">
      <h3>{trans.__('Something changed since this preview')}</h3>
      <p>{difference}</p>
      <div className="pm-Row">
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          aria-disabled={model.isChanging}
          onClick={() => {
            if (!model.isChanging) {
              void model.submit(difference);
            }
          }}
        >
          {trans.__('Run it as it is now')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            void model.renew();
          }}
        >
          {trans.__('Show the new preview')}
        </button>
      </div>
    </div>
  );
}

export function Problems(props: {
  preview: PreviewWithTree;
  links: IPreviewLinks;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { preview, links, trans } = props;
  const { showStep } = links;
  return preview.problems.length === 0 ? null : (
    <ul className="pm-ProblemList" aria-label={trans.__('Problems')}>
      {preview.problems.map((problem, place) => (
        <li key={place} data-pm-severity={problem.severity}>
          <span>
            {problem.severity === 'error' ? trans.__('Problem') : trans.__('Notice')}
            {problem.step === null ? '' : ` · ${problem.step}`}: {problem.message}
          </span>
          {problem.step !== null && showStep !== undefined && (
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Show step %1', problem.step)}
              onClick={() => {
                showStep(problem.step ?? '');
              }}
            >
              {trans.__('Show')}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
