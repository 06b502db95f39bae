/** One step of the table, opened: its runs and problems, its form, and what is done with it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { CommandIDs } from '../commands';
import { TextEntry } from '../params/entry';
import { StepForm } from '../step/form';
import { StepProblems } from '../step/problems';
import type { IPipelineModel } from '../tokens';
import { renameStep } from './edits';
import { OtherCommands } from './others';
import { StepRuns } from './step_runs';
import type { IStepProps } from './table_row';
import { OutputsForm } from './table_outputs';

export function StepDetails(props: IStepProps): React.JSX.Element {
  const { api, model, commands, trans, step, renamed, remove } = props;
  const named = React.useId();
  const problems = model.problems.filter(each => each.step === step.name);
  const { runStep, editBranches, chooseRun } = OtherCommands;
  return (
    <div className="pm-StepTable-form">
      {model.viewing !== null && (
        <>
          <h3>{trans.__('Runs')}</h3>
          <StepRuns api={api} model={model} step={step.name} commands={commands} trans={trans} />
        </>
      )}
      <StepProblems problems={problems} trans={trans} />
      <StepForm
        api={api}
        model={model}
        step={step}
        chooseRun={
          commands.hasCommand(chooseRun)
            ? (name, input) => void commands.execute(chooseRun, { step: name, input: input.name })
            : undefined
        }
        editBranches={
          commands.hasCommand(editBranches)
            ? name => void commands.execute(editBranches, { step: name })
            : undefined
        }
        trans={trans}
      >
        <div className="pm-Entry">
          <label htmlFor={named}>{trans.__('Name')}</label>
          <TextEntry
            id={named}
            text={step.name}
            check={text => nameFault(model, step.name, text, trans)}
            onChange={text => {
              renamed(text);
              model.commitDraft(trans.__('rename %1', step.name), draft =>
                renameStep(draft, step.name, text)
              );
              model.select([text]);
            }}
          />
        </div>
      </StepForm>
      {!model.readOnly && <OutputsForm model={model} step={step} trans={trans} />}
      <div className="pm-StepTable-actions">
        {commands.hasCommand(runStep) && step.method !== '' && (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void commands.execute(runStep, {
                method: step.method,
                ...(step.version === 'latest' ? {} : { version: step.version }),
                step: step.name
              });
            }}
          >
            {trans.__('Run this step')}
          </button>
        )}
        {!model.readOnly && (
          <>
            <button
              type="button"
              className="jp-mod-styled"
              onClick={() => {
                void commands.execute(CommandIDs.duplicateSelection);
              }}
            >
              {trans.__('Duplicate step')}
            </button>
            <button
              type="button"
              className="jp-mod-styled jp-mod-warn"
              onClick={() => {
                remove(step);
              }}
            >
              {trans.__('Delete step')}
            </button>
          </>
        )}
      </div>
    </div>
  );
}

function nameFault(
  model: IPipelineModel,
  name: string,
  text: string,
  trans: TranslationBundle
): string | null {
  if (text === '' || text === 'sample') {
    return trans.__('A step cannot be called so.');
  }
  return text !== name && model.document.steps.has(text)
    ? trans.__('There is a step "%1" already.', text)
    : null;
}
