/** All that is said of one step of a drawing: the same form in the right panel and in the step table. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IInput } from '../api/methods';
import { TextEntry } from '../params/entry';
import type { IStep } from '../pipeline/document';
import { setBinding, setMethod, setResources, setTitle, setVersion } from '../pipeline/edits';
import { sheetOf } from '../samples/sheet';
import type { IApi, IPipelineModel } from '../tokens';
import { StepBranches } from './branches';
import { branchingAbove, InputsForm } from './inputs';
import { MethodField } from './method';
import { StepParams } from './params';
import { byInput } from './problems';
import { ResourcesForm } from './resources';
import { VersionField } from './version';

export interface IStepFormProps {
  api: IApi;
  model: IPipelineModel;
  step: IStep;
  /** Show the runs that could feed an input; absent where none can be chosen. */
  chooseRun?: ((step: string, input: IInput) => void) | undefined;
  /** Absent where branches cannot be edited. */
  editBranches?: ((step: string) => void) | undefined;
  trans: TranslationBundle;
  /** What stands before the title. */
  children?: React.ReactNode;
}

export function StepForm(props: IStepFormProps): React.JSX.Element {
  const { api, model, step, chooseRun, editBranches, trans, children } = props;
  const { catalogue, document } = model;
  const { name } = step;
  const titled = React.useId();
  const version = catalogue.resolve(step.method, step.version);
  const latest = catalogue.resolve(step.method, 'latest')?.version ?? null;
  const problems = model.problems.filter(problem => problem.step === name);
  React.useEffect(() => {
    catalogue.ensure(step.method, step.version);
  }, [catalogue, step.method, step.version]);
  return (
    <fieldset className="pm-Plain" disabled={model.readOnly}>
      {children}
      <div className="pm-Entry">
        <label htmlFor={titled}>{trans.__('Title')}</label>
        <TextEntry
          id={titled}
          text={step.title ?? ''}
          placeholder={name}
          onChange={title => {
            model.commit(trans.__('title %1', name), before =>
              setTitle(before, name, title === '' ? null : title)
            );
          }}
        />
      </div>
      {catalogue.isLoaded && latest === null && (
        <MethodField
          method={step.method}
          methods={catalogue.methods}
          onChange={method => {
            model.commit(trans.__('method of %1', name), before => setMethod(before, name, method));
          }}
          trans={trans}
        />
      )}
      <VersionField
        api={api}
        step={step}
        latest={latest}
        onChange={next => {
          model.commit(trans.__('version of %1', name), before => setVersion(before, name, next));
        }}
        trans={trans}
      />
      <h3>{trans.__('Parameters')}</h3>
      <StepParams model={model} step={step} problems={problems} trans={trans} />
      <h3>{trans.__('Inputs')}</h3>
      <InputsForm
        step={step}
        document={document}
        catalogue={catalogue}
        inputs={version?.declaration.inputs ?? []}
        columns={sheetOf(model.request.samples).columns}
        branching={branchingAbove(document, name)}
        problems={byInput(problems, name)}
        onChange={(input, binding, said) => {
          model.commit(said, before => setBinding(before, name, input, binding));
        }}
        chooseRun={
          chooseRun &&
          (input => {
            chooseRun(name, input);
          })
        }
        trans={trans}
      />
      <h3>{trans.__('Branches')}</h3>
      <StepBranches model={model} step={step} editBranches={editBranches} trans={trans} />
      <details>
        <summary>{trans.__('Resources')}</summary>
        <ResourcesForm
          resources={step.resources}
          onChange={(resources, said) => {
            model.commit(said, before => setResources(before, name, resources));
          }}
          trans={trans}
        />
      </details>
    </fieldset>
  );
}
