/** One step: parameters, inputs, version, branches, resources, documentation. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IInput } from '../api/methods';
import type { IProblem } from '../api/errors';
import { countText } from '../branches/editor';
import { count, orNone } from '../branches/sets';
import { TextEntry } from '../params/entry';
import { ParamsForm, paramsOf } from '../params/form';
import type { Branches, IStep } from '../pipeline/document';
import {
  setBinding,
  setBranches,
  setBranchGroup,
  setParam,
  setResources,
  setTitle,
  setVersion
} from '../pipeline/edits';
import { StepRuns } from '../pipeline/step_runs';
import { sheetOf } from '../samples/sheet';
import type { IApi, IPipelineModel } from '../tokens';
import { Documentation } from './documentation';
import { branchingAbove, InputsForm } from './inputs';
import { ResourcesForm } from './resources';
import { VersionField } from './version';

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
  const { catalogue, document } = model;
  const { name } = step;
  const version = catalogue.resolve(step.method, step.version);
  const latest = catalogue.resolve(step.method, 'latest')?.version ?? null;
  const params = version === undefined ? [] : paramsOf(version.declaration);
  const grid = step.branches?.kind === 'grid' ? step.branches.axes : null;
  // Several values of a parameter that have no member yet; the document cannot hold them.
  const [opened, setOpened] = React.useState<readonly string[]>([]);
  const several = new Map<string, readonly string[]>([
    ...opened.map(each => [each, []] as const),
    ...(grid ?? [])
  ]);
  const problems = model.problems.filter(problem => problem.step === name);
  const fixed = step.branches !== null && step.branches.kind !== 'grid';
  React.useEffect(() => {
    catalogue.ensure(step.method, step.version);
  }, [catalogue, step.method, step.version]);

  const trySeveral = (param: string, values: readonly string[] | null): void => {
    const axes = new Map(grid ?? []);
    const [single] = axes.get(param) ?? [];
    if (values === null || values.length === 0) {
      axes.delete(param);
    } else {
      axes.set(param, values);
    }
    setOpened(
      values === null ? opened.filter(each => each !== param) : [...new Set([...opened, param])]
    );
    const next: Branches = { kind: 'grid', axes };
    model.commit(trans.__('try several values of %1', param), before => {
      const branched = setBranches(before, name, orNone(next));
      // What is tried at several values is set by the branches; one that is left stays set.
      const text = values === null ? (single ?? null) : null;
      const had = before.steps.get(name)?.params.has(param) === true;
      return values !== null || !had ? setParam(branched, name, param, text) : branched;
    });
  };

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
      <fieldset className="pm-Plain" disabled={model.readOnly}>
        <VersionField
          api={api}
          step={step}
          latest={latest}
          onChange={next => {
            model.commit(trans.__('choose version of %1', name), before =>
              setVersion(before, name, next)
            );
          }}
          trans={trans}
        />
        <h3>{trans.__('Parameters')}</h3>
        {fixed && (
          <p className="pm-Hint">
            {trans.__('Branches set some of these too: %1', countText(step.branches, trans))}
          </p>
        )}
        <ParamsForm
          params={params}
          values={step.params}
          several={several}
          problems={byPlace(
            problems,
            params.map(each => each.name)
          )}
          onChange={(param, text) => {
            model.commit(trans.__('set %1', param), before =>
              setParam(before, name, param, text ?? null)
            );
          }}
          {...(fixed ? {} : { onSeveral: trySeveral })}
          trans={trans}
        />
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
          chooseRun={input => {
            actions.chooseRun(name, input);
          }}
          trans={trans}
        />
        <h3>{trans.__('Branches')}</h3>
        <BranchesPart model={model} step={step} actions={actions} trans={trans} />
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
        <details>
          <summary>{trans.__('Title')}</summary>
          <TextEntry
            text={step.title ?? ''}
            label={trans.__('Title of %1', name)}
            placeholder={name}
            onChange={title => {
              model.commit(trans.__('set title'), before =>
                setTitle(before, name, title === '' ? null : title)
              );
            }}
          />
        </details>
      </fieldset>
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

function BranchesPart(props: Omit<IProps, 'api'>): React.JSX.Element {
  const { model, step, actions, trans } = props;
  const { editBranches } = actions;
  return (
    <>
      <p>{countText(step.branches, trans)}</p>
      {editBranches !== undefined && (
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            editBranches(step.name);
          }}
        >
          {count(step.branches) === 0 ? trans.__('Branch here…') : trans.__('Edit branches…')}
        </button>
      )}
      {count(step.branches) > 0 && (
        <TextEntry
          text={step.branchGroup ?? ''}
          label={trans.__('Branch group of %1', step.name)}
          placeholder={trans.__('group: steps of one branch together')}
          onChange={group => {
            model.commit(trans.__('set branch group'), before =>
              setBranchGroup(before, step.name, group === '' ? null : group)
            );
          }}
        />
      )}
    </>
  );
}

function StepProblems(props: {
  problems: readonly IProblem[];
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { problems, trans } = props;
  return problems.length === 0 ? null : (
    <ul className="pm-ProblemList" aria-label={trans.__('Problems of this step')}>
      {problems.map((problem, place) => (
        <li key={place} data-pm-severity={problem.severity}>
          {problem.message}
        </li>
      ))}
    </ul>
  );
}

/** Problems that name a parameter, by it: the server writes its name in the sentence. */
export function byPlace(
  problems: readonly IProblem[],
  names: readonly string[]
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { message } of problems) {
    const name = names.find(each =>
      new RegExp(`(^|[^\\w.])${escaped(each)}($|[^\\w.])`).test(message)
    );
    if (name !== undefined) {
      found.set(name, [...(found.get(name) ?? []), message]);
    }
  }
  return found;
}

/** Problems of links, by input: their place is `step.input`. */
function byInput(
  problems: readonly IProblem[],
  step: string
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { edge, message } of problems) {
    if (edge?.startsWith(`${step}.`) === true) {
      const input = edge.slice(step.length + 1);
      found.set(input, [...(found.get(input) ?? []), message]);
    }
  }
  return found;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
