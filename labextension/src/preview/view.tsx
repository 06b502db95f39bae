/** A draft before it runs: its name, its numbers, its problems, its run tree, and the button. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PreviewWithTree } from '../api/preview';
import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import type { IPlanRequest } from '../pipeline/document';
import { Doing } from './doing';
import { DraftFields } from './fields';
import type { PreviewModel } from './model';
import { Asked, withAgain, withSkipped } from './request';
import { AskedAgain, Skipped, Steps } from './steps';
import { RunTree } from './tree';
import { Difference, Problems } from './trouble';
import { runText, shapeText, startedText, timeText, totalText } from './words';

/** Where a preview leads; what is absent cannot be opened. */
export interface IPreviewLinks {
  openRun?: (runId: number) => void;
  openPlan?: (planId: number) => void;
  /** Show a step in the drawing. */
  showStep?: (step: string) => void;
  copyPython?: () => void;
  exportFolder?: () => void;
}

interface IProps {
  model: PreviewModel;
  links: IPreviewLinks;
  trans: TranslationBundle;
}

export function PreviewView({ model, links, trans }: IProps): React.JSX.Element {
  const { draft, preview, error } = model;
  const look = (): void => {
    void model.load();
  };
  if (draft === null) {
    return error === null ? (
      <p className="pm-Hint pm-Preview-loading">{trans.__('Looking at what would run…')}</p>
    ) : (
      <ExplanationPanel explanation={explained(error, trans)} trans={trans} retry={look} />
    );
  }
  if (model.started !== null || draft.status !== 'draft') {
    return <Started model={model} links={links} trans={trans} />;
  }
  return (
    <div className="pm-Preview-body" aria-busy={model.busy}>
      <DraftFields
        draft={draft}
        onChange={parts => {
          void model.change(parts);
        }}
        onMetadata={edit => model.changeMetadata(edit)}
        trans={trans}
      />
      {error !== null && (
        <ExplanationPanel explanation={explained(error, trans)} trans={trans} retry={look} />
      )}
      {preview === null ? (
        <Doing model={model} trans={trans} />
      ) : (
        <Shown model={model} preview={preview} links={links} trans={trans} />
      )}
    </div>
  );
}

interface IShownProps extends IProps {
  preview: PreviewWithTree;
}

function Shown({ model, preview, links, trans }: IShownProps): React.JSX.Element {
  const { request } = model;
  const errors = preview.problems.filter(problem => problem.severity === 'error');
  const canRun = errors.length === 0 && preview.counts.total > 0;
  const change = (next: IPlanRequest): void => {
    void model.change({ request: next });
  };
  return (
    <>
      <div className="pm-Preview-bar">
        <p className="pm-Preview-total" role="status">
          {totalText(preview.counts, trans)}
        </p>
        <Doing model={model} trans={trans} />
      </div>
      <section aria-label={trans.__('What will run')} className="pm-Preview-sum">
        <p className="pm-Hint">{shapeText(preview, trans)}</p>
        {preview.counts.run > 0 && <p className="pm-Hint">{timeText(preview, trans)}</p>}
        <Problems preview={preview} links={links} trans={trans} />
        {model.difference !== null && (
          <Difference model={model} difference={model.difference} trans={trans} />
        )}
        <div className="pm-Row">
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            aria-disabled={!canRun || model.isChanging}
            onClick={() => {
              if (canRun && !model.isChanging) {
                void model.submit();
              }
            }}
          >
            {runText(preview.counts, trans)}
          </button>
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void model.renew();
            }}
          >
            {trans.__('Look again')}
          </button>
          {links.copyPython !== undefined && (
            <button type="button" className="jp-mod-styled" onClick={links.copyPython}>
              {trans.__('Copy as Python')}
            </button>
          )}
          {links.exportFolder !== undefined && (
            <button type="button" className="jp-mod-styled" onClick={links.exportFolder}>
              {trans.__('Export as Nextflow folder')}
            </button>
          )}
        </div>
        {errors.length > 0 && (
          <p className="pm-Hint">
            {trans._n(
              'It can run when this problem is mended.',
              'It can run when these %1 problems are mended.',
              errors.length
            )}
          </p>
        )}
      </section>
      <Steps preview={preview} request={request} change={change} trans={trans} />
      <AskedAgain request={request} change={change} trans={trans} />
      <Skipped request={request} change={change} trans={trans} />
      <section aria-label={trans.__('Run tree')}>
        <h2>{trans.__('Runs')}</h2>
        <RunTree
          nodes={model.nodes}
          marks={model.marks?.run ?? []}
          actions={{
            asked: new Asked(request),
            again: (what, again) => {
              change(withAgain(request, what, again));
            },
            skip: point => {
              change(withSkipped(request, point, true));
            },
            runOf: model.runOf,
            ...(links.openRun === undefined ? {} : { openRun: links.openRun })
          }}
          trans={trans}
        />
        {model.next !== null && (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void model.more();
            }}
          >
            {trans.__('Show more (%1 shown)', model.nodes.length)}
          </button>
        )}
      </section>
    </>
  );
}

function Started({ model, links, trans }: IProps): React.JSX.Element {
  const id = model.planId;
  const { openPlan } = links;
  const text =
    model.started === null || model.preview === null
      ? trans.__('Plan %1 is no draft any more: it was submitted.', id)
      : startedText(id, model.preview.counts, trans);
  return (
    <section className="pm-Explanation">
      <h2>{model.draft?.name}</h2>
      <p role="status">{text}</p>
      {openPlan !== undefined && (
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          onClick={() => {
            openPlan(id);
          }}
        >
          {trans.__('Open plan %1', id)}
        </button>
      )}
    </section>
  );
}
