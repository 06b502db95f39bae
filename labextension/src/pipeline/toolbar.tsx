/** The bar above a drawing: its name, undo, samples, branches, what is viewed, preview and run. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, downloadIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IMark } from '../api/marks';
import { CommandIDs } from '../commands';
import { markOf } from '../marks/mark';
import type { IPipelineModel } from '../tokens';
import type { IStep } from './document';
import { branchCount } from './document';
import { OtherCommands } from './others';
import { shortHash } from './versions';

interface IToolbarProps {
  model: IPipelineModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  plans: readonly { readonly plan_id: number; readonly status: string }[];
  /** What the states of plans are called. */
  marks: readonly IMark[];
  /** Ask for the plans of this pipeline. */
  askPlans: () => void;
  view: (plan: number | null) => void;
  isTableShown: boolean;
  toggleTable: () => void;
}

export function PipelineToolbar(props: IToolbarProps): React.JSX.Element {
  const { model, commands, trans, plans, marks, askPlans, view, isTableShown, toggleTable } = props;
  const { viewing, preview } = model;
  const version = model.template?.version;
  const total = preview?.counts.total ?? 0;
  const isTrue = isAnswered(model);
  // What a newer program wrote is understood in part: nothing is made of the draft that is shown.
  const isNothing = model.document.steps.size === 0 || (viewing === null && model.readOnly);
  const run = (command: string): void => {
    void commands.execute(command);
  };
  const shown =
    viewing === null || plans.some(each => each.plan_id === viewing.plan.plan_id)
      ? plans
      : [viewing.plan, ...plans];
  const statusOf = (plan: { readonly plan_id: number; readonly status: string }): string =>
    markOf([...marks], plan.plan_id === viewing?.plan.plan_id ? viewing.plan.status : plan.status)
      .said;
  return (
    <div className="pm-PipelineBar">
      <div className="pm-PipelineBar-tools">
        <span className="pm-PipelineBar-name" title={model.name}>
          {model.name === '' ? trans.__('Unnamed pipeline') : model.name}
        </span>
        {version !== undefined && viewing === null && (
          <button
            type="button"
            className="jp-Button jp-mod-minimal"
            title={trans.__(
              'Opened from version %1 (%2) of the template; show all versions',
              version.version,
              shortHash(version.content_hash)
            )}
            disabled={!commands.hasCommand(OtherCommands.templateVersions)}
            onClick={() => {
              void commands.execute(OtherCommands.templateVersions, {
                template: model.template?.name ?? ''
              });
            }}
          >
            {version.version < version.newest
              ? trans.__('v%1 of %2', version.version, version.newest)
              : trans.__('v%1', version.version)}
          </button>
        )}
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
            text={samplesText(model, trans)}
            disabled={model.readOnly}
            click={() => {
              run(OtherCommands.editSamples);
            }}
          />
        )}
        <span className="pm-PipelineBar-fact">{trans.__('Branches: %1', branchText(model))}</span>
        <label className="pm-PipelineBar-fact">
          <span className="pm-PipelineBar-word">{trans.__('Viewing:')} </span>
          <select
            title={trans.__('What is viewed: the draft, or a plan that was made from it')}
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
        {commands.hasCommand(OtherCommands.copyPython) && (
          <Tool
            label={trans.__('Copy as Python')}
            text={
              <>
                <copyIcon.react tag="span" className="pm-PipelineBar-icon" />
                <span className="pm-PipelineBar-word">{trans.__('Python')}</span>
              </>
            }
            disabled={isNothing}
            click={() => {
              run(OtherCommands.copyPython);
            }}
          />
        )}
        {commands.hasCommand(OtherCommands.exportFolder) && (
          <Tool
            label={trans.__('Export as Nextflow folder')}
            text={
              <>
                <downloadIcon.react tag="span" className="pm-PipelineBar-icon" />
                <span className="pm-PipelineBar-word">{trans.__('Nextflow')}</span>
              </>
            }
            disabled={isNothing}
            click={() => {
              run(OtherCommands.exportFolder);
            }}
          />
        )}
      </div>
      <span className="pm-PipelineBar-go">
        {commands.hasCommand(OtherCommands.openPreview) && viewing === null && (
          <button
            type="button"
            className="jp-Button jp-mod-styled"
            aria-busy={!model.isChecked}
            disabled={isNothing}
            onClick={() => {
              run(OtherCommands.openPreview);
            }}
          >
            {preview === null || !isTrue
              ? trans.__('Preview')
              : trans._n('Preview %1 run', 'Preview %1 runs', total)}
          </button>
        )}
        {commands.hasCommand(OtherCommands.runPipeline) && viewing === null && (
          <button
            type="button"
            className="jp-Button jp-mod-styled jp-mod-accept"
            disabled={isNothing}
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
  text: React.ReactNode;
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

/** Whether the last answer of the server is about what is drawn now; after a fault it is an older one. */
function isAnswered(model: IPipelineModel): boolean {
  return model.isChecked && model.checkError === null;
}

/** How many samples are named; no number where they are in a file that nobody has counted. */
function samplesText(model: IPipelineModel, trans: TranslationBundle): string {
  const { samples } = model.request;
  if (samples === undefined) {
    return trans.__('Samples: %1', 0);
  }
  if (model.viewing === null && model.preview !== null && isAnswered(model)) {
    return trans.__('Samples: %1', model.preview.samples);
  }
  const rows = 'rows' in samples ? samples.rows : 'length' in samples ? samples : null;
  return rows === null ? trans.__('Samples') : trans.__('Samples: %1', rows.length);
}

/** "2×2": the steps that branch, groups once. */
function branchText(model: IPipelineModel): string {
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
