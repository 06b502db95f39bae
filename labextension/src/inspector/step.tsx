/** One step in the right panel: its form, its runs and problems, its documentation. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IInput } from '../api/methods';
import type { IStep } from '../pipeline/document';
import { StepRuns } from '../pipeline/step_runs';
import { StepForm } from '../step/form';
import { StepProblems } from '../step/problems';
import type { IApi, IPipelineModel } from '../tokens';
import { Documentation } from './documentation';

/** What the inspector can start; what is absent cannot be done here. */
export interface IStepActions {
  commands: CommandRegistry;
  editBranches?: (step: string) => void;
  chooseRun: (step: string, input: IInput) => void;
  runStep?: (step: IStep) => void;
}

interface IProps {
  api: IApi;
  model: IPipelineModel;
  step: IStep;
  actions: IStepActions;
  trans: TranslationBundle;
}

export function StepInspector({ api, model, step, actions, trans }: IProps): React.JSX.Element {
  const { catalogue } = model;
  const { name } = step;
  const version = catalogue.resolve(step.method, step.version);
  const latest = catalogue.resolve(step.method, 'latest')?.version ?? null;
  const problems = model.problems.filter(problem => problem.step === name);
  return (
    <div className="pm-Inspector">
      <h2>{step.title ?? name}</h2>
      <p className="pm-Hint">
        {step.method === '' ? trans.__('No method chosen') : step.method}
        {version === undefined ? '' : ` · ${version.module}`}
      </p>
      {model.readOnly && (
        <p className="pm-Hint">{trans.__('This is a snapshot; it cannot be changed here.')}</p>
      )}
      {catalogue.isLoaded && latest === null && (
        <p className="pm-Fault" role="alert">
          {trans.__(
            'The method "%1" is not registered here. Register it, or choose another one; what is set stays.',
            step.method
          )}
        </p>
      )}
      {model.viewing !== null && (
        <>
          <h3>{trans.__('Runs')}</h3>
          <StepRuns api={api} model={model} step={name} commands={actions.commands} trans={trans} />
        </>
      )}
      <StepProblems problems={problems} trans={trans} />
      <StepForm
        api={api}
        model={model}
        step={step}
        chooseRun={actions.chooseRun}
        editBranches={actions.editBranches}
        trans={trans}
      />
      <details>
        <summary>{trans.__('Documentation')}</summary>
        <Documentation
          api={api}
          version={version}
          description={
            catalogue.methods.find(each => each.method === step.method)?.description ?? ''
          }
          trans={trans}
        />
      </details>
      {actions.runStep !== undefined && (
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            actions.runStep?.(step);
          }}
        >
          {trans.__('Run this step now…')}
        </button>
      )}
    </div>
  );
}
