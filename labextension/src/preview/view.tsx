/** A draft before it runs: its name, its numbers, its problems, its run tree, and the button. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PreviewWithTree } from '../api/preview';
import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import type { IPlanRequest } from '../pipeline/document';
import { DraftFields } from './fields';
import type { PreviewModel } from './model';
import type { Again } from './request';
import {
  Asked,
  partText,
  pointText,
  withAgain,
  withAllAgain,
  withSkipped,
  withStepAgain
} from './request';
import { RunTree } from './tree';
import { durationText, runText, shapeText, startedText, timeText, totalText } from './words';

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

/** What is being done, once it takes longer than a second; a look can be stopped. */
function Doing(props: { model: PreviewModel; trans: TranslationBundle }): React.JSX.Element | null {
  const { model, trans } = props;
  const { doing } = model;
  const [seconds, setSeconds] = React.useState(0);
  const isBusy = doing !== null;
  React.useEffect(() => {
    if (!isBusy) {
      return undefined;
    }
    // One clock from the first thing to the last: somebody waits for all of them.
    const started = Date.now();
    const timer = window.setInterval(() => {
      setSeconds(Math.floor((Date.now() - started) / 1000));
    }, 250);
    return () => {
      window.clearInterval(timer);
      setSeconds(0);
    };
  }, [isBusy]);
  if (seconds < 1 || doing === null) {
    return null;
  }
  const runs = (model.preview?.counts.total ?? 0).toLocaleString();
  const text = {
    looking:
      model.preview === null
        ? trans.__('Looking at what would run: %1 s', seconds)
        : trans.__('Looking again at %1 runs: %2 s', runs, seconds),
    saving: trans.__('Saving the draft of %1 runs: %2 s', runs, seconds),
    other: trans.__('Waiting for the server: %1 s', seconds)
  }[doing];
  return (
    <span className="pm-Preview-doing">
      {text}{' '}
      {doing === 'looking' && model.canStop && (
        <button
          type="button"
          className="pm-TextButton"
          onClick={() => {
            model.stop();
          }}
        >
          {trans.__('Stop, change nothing')}
        </button>
      )}
    </span>
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

function Difference(props: {
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

function Problems(props: {
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

interface IPartProps {
  request: IPlanRequest;
  change: (request: IPlanRequest) => void;
  trans: TranslationBundle;
}

function Steps(props: IPartProps & { preview: PreviewWithTree }): React.JSX.Element {
  const { preview, request, change, trans } = props;
  const all = request.rerun?.all === true;
  return (
    <section>
      <h2>{trans.__('Steps')}</h2>
      <div className="pm-Scroll">
        <table className="pm-Table">
          <caption className="pm-offscreen">{trans.__('Steps of the plan')}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Step')}</th>
              <th scope="col">{trans.__('Method')}</th>
              <th scope="col">{trans.__('Differs by')}</th>
              <th scope="col" className="pm-Table-number">
                {trans.__('New')}
              </th>
              <th scope="col" className="pm-Table-number">
                {trans.__('Reused')}
              </th>
              <th scope="col" className="pm-Table-number">
                {trans.__('Time of one')}
              </th>
              <th scope="col">{trans.__('Run again')}</th>
            </tr>
          </thead>
          <tbody>
            {preview.steps.map(step => (
              <tr key={step.step}>
                <th scope="row">{step.step}</th>
                <td>
                  {step.method} {step.version === null ? '' : `v${step.version}`}
                </td>
                <td>{differsBy(step.dimensions, preview).join(', ')}</td>
                <td className="pm-Table-number">{step.counts.run}</td>
                <td className="pm-Table-number">{step.counts.reuse}</td>
                <td className="pm-Table-number">
                  {typeof step.seconds === 'number' ? durationText(step.seconds, trans) : ''}
                </td>
                <td>
                  <input
                    type="checkbox"
                    aria-label={trans.__('Run all of %1 again', step.step)}
                    checked={all || request.rerun?.steps?.includes(step.step) === true}
                    disabled={all}
                    onChange={event => {
                      change(withStepAgain(request, step.step, event.target.checked));
                    }}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <label>
        <input
          type="checkbox"
          checked={all}
          onChange={event => {
            change(withAllAgain(request, event.target.checked));
          }}
        />
        {trans.__('Run everything again, reuse nothing')}
      </label>
    </section>
  );
}

/** What the runs of a step differ by; a step of one branch makes no difference. */
function differsBy(dimensions: readonly string[], preview: PreviewWithTree): readonly string[] {
  const single = preview.branches.filter(each => each.branches < 2).map(each => each.axis);
  const steps = new Set(preview.steps.map(each => each.step));
  const branching = new Set(preview.branches.map(each => each.axis));
  return dimensions.filter(
    each => !single.includes(each) && (branching.has(each) || !steps.has(each))
  );
}

/** What was asked for again in the tree, also where the tree has no row for it any more. */
function AskedAgain({ request, change, trans }: IPartProps): React.JSX.Element | null {
  const { parts = [], keys = [] } = request.rerun ?? {};
  const rows: { text: string; what: Again }[] = parts.map(part => ({
    text: partText(part, trans),
    what: part
  }));
  if (keys.length > 0) {
    rows.push({ text: trans._n('%1 single run', '%1 single runs', keys.length), what: keys });
  }
  return rows.length === 0 ? null : (
    <section>
      <h2>{trans.__('Run again')}</h2>
      <ul className="pm-List" aria-label={trans.__('Run again')}>
        {rows.map(({ text, what }) => (
          <li key={text}>
            {text}{' '}
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Reuse again: %1', text)}
              onClick={() => {
                change(withAgain(request, what, false));
              }}
            >
              {trans.__('Reuse')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Skipped({ request, change, trans }: IPartProps): React.JSX.Element | null {
  const excluded = request.excluded ?? [];
  return excluded.length === 0 ? null : (
    <section>
      <h2>{trans.__('Skipped')}</h2>
      <ul className="pm-List" aria-label={trans.__('Skipped')}>
        {excluded.map((point, place) => (
          <li key={place}>
            {pointText(point)}{' '}
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Take in again: %1', pointText(point))}
              onClick={() => {
                change(withSkipped(request, point, false));
              }}
            >
              {trans.__('Take in again')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
