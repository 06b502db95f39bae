/** What stands above and below the drawing: the toolbar, banners, the strip of problems. */

import { Time } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { CommandIDs } from '../commands';
import { explained } from '../explain/explanation';
import type { IPipelineModel } from '../tokens';
import { OtherCommands } from './others';
import type { IStep } from './document';
import { branchCount } from './document';

interface IProps {
  model: IPipelineModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

interface IToolbarProps extends IProps {
  plans: readonly { readonly plan_id: number; readonly status: string }[];
  /** Ask for the plans of this pipeline. */
  askPlans: () => void;
  view: (plan: number | null) => void;
  isTableShown: boolean;
  toggleTable: () => void;
}

export function PipelineToolbar(props: IToolbarProps): React.JSX.Element {
  const { model, commands, trans, plans, askPlans, view, isTableShown, toggleTable } = props;
  const { viewing, preview } = model;
  const total = preview?.counts.total ?? 0;
  const run = (command: string): void => {
    void commands.execute(command);
  };
  const shown =
    viewing === null || plans.some(each => each.plan_id === viewing.plan.plan_id)
      ? plans
      : [viewing.plan, ...plans];
  const statusOf = (plan: { readonly plan_id: number; readonly status: string }): string =>
    plan.plan_id === viewing?.plan.plan_id ? viewing.plan.status : plan.status;
  return (
    <div className="pm-PipelineBar">
      <span className="pm-PipelineBar-name" title={model.name}>
        {model.name === '' ? trans.__('Unnamed pipeline') : model.name}
      </span>
      {model.dirty && model.document.steps.size > 0 && (
        <button
          type="button"
          className="jp-Button jp-mod-minimal pm-PipelineBar-unsaved"
          title={trans.__('Save this pipeline (Ctrl+S)')}
          onClick={() => {
            run(CommandIDs.savePipeline);
          }}
        >
          <span aria-hidden="true">●</span> {trans.__('unsaved')}
        </button>
      )}
      <Tool
        label={model.undoName === null ? trans.__('Undo') : trans.__('Undo: %1', model.undoName)}
        text="↶"
        disabled={model.undoName === null}
        click={() => {
          model.undo();
        }}
      />
      <Tool
        label={model.redoName === null ? trans.__('Redo') : trans.__('Redo: %1', model.redoName)}
        text="↷"
        disabled={model.redoName === null}
        click={() => {
          model.redo();
        }}
      />
      {commands.hasCommand(OtherCommands.editSamples) && (
        <Tool
          label={trans.__('Edit the samples')}
          text={trans.__('Samples: %1', sampleCount(model))}
          click={() => {
            run(OtherCommands.editSamples);
          }}
        />
      )}
      <span className="pm-PipelineBar-fact">{trans.__('Branches: %1', branchText(model))}</span>
      <label className="pm-PipelineBar-fact">
        {trans.__('Viewing:')}{' '}
        <select
          className="pm-PipelineBar-select"
          value={viewing?.plan.plan_id ?? ''}
          onPointerDown={askPlans}
          onFocus={askPlans}
          onChange={event => {
            view(event.target.value === '' ? null : Number(event.target.value));
          }}
        >
          <option value="">{trans.__('draft')}</option>
          {shown.map(each => (
            <option key={each.plan_id} value={each.plan_id}>
              {trans.__('plan %1 (%2)', each.plan_id, statusOf(each))}
            </option>
          ))}
        </select>
      </label>
      <button
        type="button"
        className="jp-Button jp-mod-minimal"
        aria-pressed={isTableShown}
        onClick={toggleTable}
      >
        {trans.__('Step table')}
      </button>
      <span className="pm-PipelineBar-go">
        {commands.hasCommand(OtherCommands.openPreview) && viewing === null && (
          <button
            type="button"
            className="jp-Button jp-mod-styled"
            aria-busy={!model.isChecked}
            disabled={model.document.steps.size === 0}
            onClick={() => {
              run(OtherCommands.openPreview);
            }}
          >
            {preview === null || !model.isChecked
              ? trans.__('Preview')
              : trans._n('Preview %1 run', 'Preview %1 runs', total)}
          </button>
        )}
        {commands.hasCommand(OtherCommands.runPipeline) && viewing === null && (
          <button
            type="button"
            className="jp-Button jp-mod-styled jp-mod-accept"
            disabled={model.document.steps.size === 0}
            onClick={() => {
              run(OtherCommands.runPipeline);
            }}
          >
            {trans.__('▶ Run')}
          </button>
        )}
      </span>
    </div>
  );
}

interface IToolProps {
  label: string;
  text: string;
  disabled?: boolean;
  click: () => void;
}

function Tool({ label, text, disabled, click }: IToolProps): React.JSX.Element {
  return (
    <button
      type="button"
      className="jp-Button jp-mod-minimal"
      title={label}
      aria-label={label}
      disabled={disabled}
      onClick={click}
    >
      {text}
    </button>
  );
}

/** How many samples the draft names. */
export function sampleCount(model: IPipelineModel): number {
  const { samples } = model.request;
  if (model.viewing === null && model.preview !== null && samples !== undefined) {
    return model.preview.samples;
  }
  if (samples === undefined) {
    return 0;
  }
  return 'rows' in samples ? samples.rows.length : 'length' in samples ? samples.length : 0;
}

/** "2×2": the steps that branch, groups once. */
export function branchText(model: IPipelineModel): string {
  const found = new Map<string, number>();
  const asked = model.request.branches ?? {};
  for (const step of model.document.steps.values()) {
    const count = Object.hasOwn(asked, step.name) ? countOf(asked[step.name]) : ownCount(step);
    if (count > 1) {
      found.set(step.branchGroup ?? step.name, count);
    }
  }
  return found.size === 0 ? '1' : [...found.values()].join('×');
}

function ownCount(step: IStep): number {
  return branchCount(step.branches);
}

/** Branches as a request has them, in any of their forms. */
function countOf(raw: unknown): number {
  if (Array.isArray(raw)) {
    return Math.max(1, raw.length);
  }
  if (typeof raw !== 'object' || raw === null) {
    return 1;
  }
  const grid: unknown = 'grid' in raw ? raw.grid : undefined;
  if (typeof grid === 'object' && grid !== null) {
    return Object.values(grid).reduce(
      (product: number, values: unknown) => product * (Array.isArray(values) ? values.length : 1),
      1
    );
  }
  return Math.max(1, Object.keys(raw).length);
}

interface IBannerProps extends IProps {
  /** Unsaved work of this time was brought back; null, none was. */
  restored: string | null;
  lost: readonly string[];
  newer: boolean;
  discardRestored: () => void;
  view: (plan: number | null) => void;
}

/** What must be known of what is shown. */
export function Banners(props: IBannerProps): React.JSX.Element | null {
  const { model, trans, restored, lost, newer, discardRestored, view } = props;
  const { viewing } = model;
  if (viewing !== null) {
    const { plan } = viewing;
    const time = plan.submitted_at ?? plan.created_at;
    return (
      <div className="pm-Banner" role="status">
        <span>
          {plan.submitted_at === null
            ? trans.__('Plan %1, a draft of ', plan.plan_id)
            : trans.__('Plan %1, as submitted ', plan.plan_id)}
          <time dateTime={time} title={Time.format(time)}>
            {Time.formatHuman(time)}
          </time>
        </span>
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            void props.commands.execute(CommandIDs.openPipeline, { plan: plan.plan_id });
          }}
        >
          {trans.__('Edit as draft')}
        </button>
        {props.commands.hasCommand(OtherCommands.openPlan) && (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void props.commands.execute(OtherCommands.openPlan, { plan: plan.plan_id });
            }}
          >
            {trans.__('Open plan %1', plan.plan_id)}
          </button>
        )}
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            view(null);
          }}
        >
          {trans.__('Back to the draft')}
        </button>
      </div>
    );
  }
  if (newer) {
    return (
      <div className="pm-Banner pm-mod-warn" role="alert">
        {trans.__(
          'This pipeline was written by a newer program. It is shown as far as this page understands it, and cannot be changed or saved here. Update the Research Process Manager to edit it.'
        )}
      </div>
    );
  }
  if (lost.length > 0) {
    return (
      <div className="pm-Banner pm-mod-warn" role="alert">
        <details>
          <summary>
            {trans._n(
              '%1 thing of this pipeline could not be read; what is saved is untouched until you save.',
              '%1 things of this pipeline could not be read; what is saved is untouched until you save.',
              lost.length
            )}
          </summary>
          <ul>
            {lost.map((each, n) => (
              <li key={n}>{each}</li>
            ))}
          </ul>
        </details>
      </div>
    );
  }
  if (restored !== null) {
    return (
      <div className="pm-Banner" role="status">
        <span>
          {trans.__('Unsaved work was brought back: ')}
          <time dateTime={restored} title={Time.format(restored)}>
            {Time.formatHuman(restored)}
          </time>
        </span>
        <button type="button" className="jp-mod-styled" onClick={discardRestored}>
          {model.template === null ? trans.__('Start anew') : trans.__('Take what is saved')}
        </button>
      </div>
    );
  }
  return null;
}

/** The strip below the drawing: there only when there is a problem. */
export function ProblemStrip({
  model,
  trans,
  dropUnknown
}: Omit<IProps, 'commands'> & { dropUnknown: () => void }): React.JSX.Element | null {
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

/** An empty drawing teaches: what to do, and a button that does it. */
export function EmptyDrawing({
  model,
  trans,
  add
}: Omit<IProps, 'commands'> & { add: () => void }): React.JSX.Element | null {
  if (model.document.steps.size > 0 || !model.catalogue.isLoaded || model.readOnly) {
    return null;
  }
  if (model.catalogue.methods.length === 0) {
    return (
      <section className="pm-EmptyDrawing">
        <h2>{trans.__('No methods yet')}</h2>
        <p>
          {trans.__('A pipeline is drawn from registered methods. Register one in a terminal:')}
        </p>
        <p>
          <code>pm method register FOLDER</code>
        </p>
      </section>
    );
  }
  return (
    <section className="pm-EmptyDrawing">
      <h2>{trans.__('Draw a pipeline')}</h2>
      <p>
        {trans.__(
          'Drag a method from the left panel to here, or double-click here and type its name. Then pull a link from an output to an input.'
        )}
      </p>
      <button type="button" className="jp-mod-styled jp-mod-accept" onClick={add}>
        {trans.__('Add a step')}
      </button>
    </section>
  );
}
