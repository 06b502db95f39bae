/** Nothing selected: what the pipeline is, what is wrong with it, what to do next. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { isForWhole } from '../params/keys';
import { setDescription } from '../pipeline/edits';
import { totalText } from '../preview/words';
import { sheetOf } from '../samples/sheet';
import { unfed } from '../samples/wanted';
import type { IPipelineModel } from '../tokens';

/** What the overview can start; what is absent cannot be done here. */
export interface IOverviewActions {
  editSamples?: () => void;
  openPreview?: () => void;
}

interface IProps {
  model: IPipelineModel;
  actions: IOverviewActions;
  trans: TranslationBundle;
}

export function Overview({ model, actions, trans }: IProps): React.JSX.Element {
  const { document } = model;
  // Of a plan that is looked at, the numbers of the draft say nothing; after a fault they are older.
  const isTrue = model.viewing === null && model.isChecked && model.checkError === null;
  const counts = isTrue ? model.preview?.counts : undefined;
  const sheet = sheetOf(model.request.samples);
  const { editSamples, openPreview } = actions;
  const branching = [...document.steps.values()].filter(step => step.branches !== null);
  return (
    <fieldset className="pm-Inspector" disabled={model.readOnly}>
      <h2>{model.name === '' ? trans.__('Unnamed pipeline') : model.name}</h2>
      <Description model={model} trans={trans} />
      <dl className="pm-Values">
        <dt>{trans.__('steps')}</dt>
        <dd>{document.steps.size}</dd>
        <dt>{trans.__('samples')}</dt>
        <dd>{sheet.rows.length}</dd>
        {branching.length > 0 && (
          <>
            <dt>{trans.__('branching')}</dt>
            <dd>{branching.map(step => step.name).join(', ')}</dd>
          </>
        )}
        {counts !== undefined && (
          <>
            <dt>{trans.__('runs')}</dt>
            <dd>{totalText(counts, trans)}</dd>
          </>
        )}
      </dl>
      {model.problems.length > 0 && (
        <>
          <h3>{trans.__('Problems')}</h3>
          <ul className="pm-ProblemList" aria-label={trans.__('Problems')}>
            {model.problems.map((problem, place) => (
              <li key={place} data-pm-severity={problem.severity}>
                {problem.step === null ? '' : `${problem.step}: `}
                {problem.message}{' '}
                {problem.step !== null && (
                  <button
                    type="button"
                    className="pm-TextButton"
                    aria-label={trans.__('Show step %1', problem.step)}
                    onClick={() => {
                      model.reveal(problem.step ?? '');
                    }}
                  >
                    {trans.__('Show')}
                  </button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{trans.__('Next')}</h3>
      <p role="status">{nextText(model, trans)}</p>
      <div className="pm-Row">
        {editSamples !== undefined && (
          <button type="button" className="jp-mod-styled" onClick={editSamples}>
            {trans.__('Samples…')}
          </button>
        )}
        {openPreview !== undefined && document.steps.size > 0 && (
          <button type="button" className="jp-mod-styled jp-mod-accept" onClick={openPreview}>
            {counts !== undefined
              ? trans._n('Preview %1 run', 'Preview %1 runs', counts.total)
              : trans.__('Preview')}
          </button>
        )}
      </div>
    </fieldset>
  );
}

/** The one thing to do next. */
export function nextText(model: IPipelineModel, trans: TranslationBundle): string {
  const columns = new Set(sheetOf(model.request.samples).columns);
  const open = unfed(model).filter(name => !columns.has(name));
  if (model.document.steps.size === 0) {
    return trans.__(
      'Drag a method from the list of methods onto the canvas, or press Enter on it there.'
    );
  }
  if (model.problems.some(problem => problem.severity === 'error') && open.length === 0) {
    return trans.__('Mend the problems above; "Show" leads to the step.');
  }
  if (open.length > 0) {
    return trans.__(
      'Give data to %1: connect a step, choose a run, or add a column of that name to the samples.',
      open.join(', ')
    );
  }
  if (sheetOf(model.request.samples).rows.length === 0) {
    return trans.__('Give it samples to run each of them, or preview it as it is.');
  }
  return trans.__('Preview it: nothing runs before you have seen what will.');
}

function Description({ model, trans }: Omit<IProps, 'actions'>): React.JSX.Element {
  const id = React.useId();
  const text = model.document.description;
  const [typed, setTyped] = React.useState(text);
  const [from, setFrom] = React.useState(text);
  if (from !== text) {
    setFrom(text);
    setTyped(text);
  }
  const commit = (): void => {
    if (typed !== text) {
      model.commit(trans.__('describe the pipeline'), document => setDescription(document, typed));
    }
  };
  return (
    <div className="pm-Entry">
      <label htmlFor={id}>{trans.__('Description')}</label>
      <textarea
        id={id}
        rows={2}
        className="jp-mod-styled"
        placeholder={trans.__('What it is for')}
        value={typed}
        onChange={event => {
          setTyped(event.target.value);
        }}
        onBlur={commit}
        onKeyDown={event => {
          if (isForWhole(event)) {
            commit();
          }
        }}
      />
    </div>
  );
}
