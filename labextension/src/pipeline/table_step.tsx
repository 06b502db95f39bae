/** One step of the table, opened: its name, version, inputs, parameters, and what is done with it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { TextEntry } from '../params/entry';
import { check, fromText, toText } from '../params/text';
import type { IPipelineModel } from '../tokens';
import { declared, trackedParams } from './catalogue';
import { renameStep, setParam, setTitle, setVersion } from './edits';
import { paramRows } from './geometry';
import { OtherCommands } from './others';
import { StepRuns } from './step_runs';
import type { IStepProps } from './table';
import { InputField } from './table_inputs';

export function StepDetails({
  api,
  model,
  commands,
  trans,
  step,
  renamed,
  remove
}: IStepProps): React.JSX.Element {
  const { version, inputs } = declared(step, model.catalogue);
  const latest = model.catalogue.resolve(step.method, 'latest')?.version ?? 0;
  const problems = model.problems.filter(each => each.step === step.name);
  const names = [...new Set([...inputs.map(each => each.name), ...step.inputs.keys()])];
  const off = model.readOnly;
  return (
    <div className="pm-StepTable-form">
      {model.viewing !== null && model.selection.size === 1 && (
        <>
          <h3>{trans.__('Runs')}</h3>
          <StepRuns api={api} model={model} step={step.name} commands={commands} trans={trans} />
        </>
      )}
      {problems.map((problem, n) => (
        <p key={n} className="pm-StepTable-problem" role="note">
          {problem.message}
        </p>
      ))}
      <label>
        <span>{trans.__('Name')}</span>
        <TextEntry
          text={step.name}
          disabled={off}
          check={text => nameFault(model, step.name, text, trans)}
          onChange={text => {
            renamed(text);
            model.commitDraft(trans.__('rename %1', step.name), draft =>
              renameStep(draft, step.name, text)
            );
            model.select([text]);
          }}
        />
      </label>
      <label>
        <span>{trans.__('Title')}</span>
        <TextEntry
          text={step.title ?? ''}
          placeholder={step.name}
          disabled={off}
          onChange={text => {
            model.commit(trans.__('title %1', step.name), each =>
              setTitle(each, step.name, text || null)
            );
          }}
        />
      </label>
      <label>
        <span>{trans.__('Version')}</span>
        <select
          className="jp-mod-styled"
          disabled={off}
          value={String(step.version)}
          onChange={event => {
            const chosen = event.target.value;
            model.commit(trans.__('version of %1', step.name), each =>
              setVersion(each, step.name, chosen === 'latest' ? 'latest' : Number(chosen))
            );
          }}
        >
          <option value="latest">{trans.__('latest (v%1)', latest)}</option>
          {Array.from({ length: latest }, (_, n) => (
            <option key={n} value={latest - n}>
              {`v${latest - n}`}
            </option>
          ))}
        </select>
      </label>
      {names.length > 0 && <h3>{trans.__('Inputs')}</h3>}
      {names.map(name => (
        <InputField key={name} {...{ model, commands, trans, step, name }} />
      ))}
      {trackedParams(version).size + step.params.size > 0 && <h3>{trans.__('Parameters')}</h3>}
      {paramRows(step, version).map(({ param, text }) => {
        const accepts = trackedParams(version).get(param)?.accepts;
        const set = step.params.get(param);
        return (
          <label key={param}>
            <span>{param}</span>
            <TextEntry
              text={set === undefined ? '' : accepts === undefined ? set : fromText(accepts, set)}
              placeholder={text ?? trans.__('computed by the method')}
              disabled={off}
              check={typed => (accepts === undefined ? null : check(accepts, typed, trans))}
              onChange={typed => {
                const value =
                  typed === '' ? null : accepts === undefined ? typed : toText(accepts, typed);
                const short = param.slice(param.lastIndexOf('.') + 1);
                model.commit(trans.__('set %1', short), each =>
                  setParam(each, step.name, param, value)
                );
              }}
            />
          </label>
        );
      })}
      <div className="pm-StepTable-actions">
        {commands.hasCommand(OtherCommands.runStep) && step.method !== '' && (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void commands.execute(OtherCommands.runStep, {
                method: step.method,
                ...(step.version === 'latest' ? {} : { version: step.version }),
                step: step.name
              });
            }}
          >
            {trans.__('Run this step')}
          </button>
        )}
        {!off && commands.hasCommand(OtherCommands.editBranches) && (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void commands.execute(OtherCommands.editBranches, { step: step.name });
            }}
          >
            {trans.__('Branches…')}
          </button>
        )}
        {!off && (
          <button
            type="button"
            className="jp-mod-styled jp-mod-warn"
            onClick={() => {
              remove(step);
            }}
          >
            {trans.__('Delete step')}
          </button>
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
