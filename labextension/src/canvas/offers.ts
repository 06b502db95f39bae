/** What can be chosen at a point of the canvas: methods to add, things to join to a port. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IApi, IPipelineModel } from '../tokens';
import { declared } from '../pipeline/catalogue';
import type { IPoint } from '../pipeline/document';
import { addStep, connect, freeName, setBinding } from '../pipeline/edits';
import { fittingRuns } from '../pipeline/fitting';
import type { IPort } from '../pipeline/links';
import { columnOf, edgeOf, suggestions } from '../pipeline/links';
import { sheetOf } from '../samples/sheet';
import type { IChoice } from './picker';

/** All methods, each adding a step at a place. */
export function methodChoices(
  model: IPipelineModel,
  at: IPoint,
  trans: TranslationBundle
): IChoice[] {
  return model.catalogue.methods.flatMap(({ method, module, description, latest }) =>
    latest === null
      ? []
      : [
          {
            group: module,
            label: method,
            detail: description.split('\n', 1)[0] ?? '',
            choose: () => {
              addAt(model, method, at, trans);
            }
          }
        ]
  );
}

/** The same, and the drawing shows what was added: its place may be out of sight. */
export function revealing(model: IPipelineModel, deed: IChoice): IChoice {
  return {
    ...deed,
    choose: () => {
      const before = model.document.steps.size;
      deed.choose();
      const [added] = model.selection;
      if (model.document.steps.size > before && added !== undefined) {
        model.reveal(added);
      }
    }
  };
}

/** Add a step of a method and select it; returns its name. */
export function addAt(
  model: IPipelineModel,
  method: string,
  at: IPoint,
  trans: TranslationBundle,
  version: number | 'latest' = 'latest'
): string | null {
  const name = freeName(model.document.steps, method);
  const added = model.commit(trans.__('add %1', name), document =>
    addStep(document, { name, method, version }, at)
  );
  if (!added) {
    return null;
  }
  model.select([name]);
  return name;
}

/** What an input can be given that is no part of the drawing, and is asked for elsewhere. */
export interface IGiving {
  /** Choose a file; absent where there is nothing to choose it in. */
  readonly file?: ((step: string, input: string) => void) | undefined;
  /** Type a value. */
  readonly value: (step: string, input: string) => void;
}

/** What can be joined to a port: ports, columns of the samples, methods to add beside it. */
export function portChoices(
  model: IPipelineModel,
  port: IPort,
  at: IPoint,
  trans: TranslationBundle,
  giving?: IGiving
): IChoice[] {
  const choices: IChoice[] = [];
  const isInput = port.side === 'in';
  const given = isInput ? inputChoices(model, port, trans, giving) : [];
  // A file is given with the samples as a rule; results of other steps fit, and are rarely meant.
  const isTaken = model.document.steps.get(port.step)?.inputs.has(port.name) === true;
  const comesFirst = isInput && (isTaken || typeOf(model, port) === 'file');
  if (comesFirst) {
    choices.push(...given);
  }
  const here = trans.__('Steps of this pipeline');
  const found = suggestions(model.document, model.catalogue, port, trans);
  for (const { port: other } of found) {
    if (other !== undefined) {
      choices.push({
        group: here,
        label: `${other.step}.${other.name}`,
        choose: () => {
          join(model, port, other, trans);
        }
      });
    }
  }
  const add = isInput
    ? trans.__('Add a step before this one')
    : trans.__('Add a step after this one');
  for (const { version, name } of found) {
    if (version !== undefined) {
      choices.push({
        group: add,
        label: version.method,
        detail: version.module,
        choose: () => {
          addJoined(model, port, { method: version.method, name }, at, trans);
        }
      });
    }
  }
  return comesFirst ? choices : [...choices, ...given];
}

function typeOf(model: IPipelineModel, port: IPort): string | undefined {
  const { inputs } = declared(model.document.steps.get(port.step), model.catalogue);
  return inputs.find(each => each.name === port.name)?.type;
}

function inputChoices(
  model: IPipelineModel,
  port: IPort,
  trans: TranslationBundle,
  giving: IGiving | undefined
): IChoice[] {
  const { step, name } = port;
  const present = model.document.steps.get(step)?.inputs.get(name);
  const choices: IChoice[] = [];
  if (present !== undefined) {
    choices.push({
      group: trans.__('Now'),
      label: trans.__('Clear "%1"', name),
      choose: () => {
        model.commit(trans.__('clear %1', name), document =>
          setBinding(document, step, name, null)
        );
      }
    });
    return choices;
  }
  const { inputs } = declared(model.document.steps.get(step), model.catalogue);
  const input = inputs.find(each => each.name === name);
  const columns = new Set([name, ...sheetOf(model.request.samples).columns]);
  for (const column of columns) {
    choices.push({
      group: trans.__('Columns of the samples'),
      label: trans.__('Column "%1"', column),
      choose: () => {
        model.commit(trans.__('take %1 from the samples', name), document =>
          setBinding(document, step, name, columnOf(column, input, undefined))
        );
      }
    });
  }
  const group = trans.__('The same for all samples');
  const { file, value } = giving ?? {};
  if (input?.type === 'file' && file !== undefined) {
    const choose = (): void => {
      file(step, name);
    };
    choices.push({ group, label: trans.__('A file…'), choose });
  }
  if ((input?.type === 'value' || input?.type === 'list') && value !== undefined) {
    const choose = (): void => {
      value(step, name);
    };
    choices.push({ group, label: trans.__('A value…'), choose });
  }
  return choices;
}

/** Completed runs whose results fit an input, newest first. */
export async function runChoices(
  api: IApi,
  model: IPipelineModel,
  port: IPort,
  trans: TranslationBundle,
  /** Choose one of all runs. */
  chooseRun?: (step: string, input: string) => void
): Promise<IChoice[]> {
  const { inputs } = declared(model.document.steps.get(port.step), model.catalogue);
  const input = inputs.find(each => each.name === port.name);
  const isTaken = model.document.steps.get(port.step)?.inputs.has(port.name) === true;
  if (port.side === 'out' || input === undefined || input.type === 'value' || isTaken) {
    return [];
  }
  const group = trans.__('Results of earlier runs');
  const { fitting } = await fittingRuns(api, model.catalogue, input, trans);
  const found = fitting.flatMap(({ run, outputs }) =>
    outputs.map(output => ({
      group,
      label: trans.__('run %1 · %2 v%3', run.run_id, run.method, run.version),
      detail: [output.name, run.sample ?? '', run.branch].filter(Boolean).join(' · '),
      choose: () => {
        model.commit(trans.__('take run %1', run.run_id), document =>
          setBinding(document, port.step, port.name, {
            kind: 'run',
            run: run.run_id,
            output: output.name
          })
        );
      }
    }))
  );
  if (chooseRun === undefined) {
    return found;
  }
  const choose = (): void => {
    chooseRun(port.step, port.name);
  };
  return [...found, { group, label: trans.__('Choose among all runs…'), choose }];
}

function join(model: IPipelineModel, port: IPort, other: IPort, trans: TranslationBundle): void {
  const edge = edgeOf(port, other);
  const { inputs } = declared(model.document.steps.get(edge.target), model.catalogue);
  const input = inputs.find(each => each.name === edge.input);
  model.commit(trans.__('connect %1 to %2', edge.step, edge.target), document =>
    connect(document, edge, input)
  );
}

/** Add a step and its link in one edit. */
function addJoined(
  model: IPipelineModel,
  port: IPort,
  added: { method: string; name: string },
  at: IPoint,
  trans: TranslationBundle
): void {
  const step = freeName(model.document.steps, added.method);
  const edge = edgeOf(port, { step, name: added.name });
  const done = model.commit(trans.__('add %1', step), document => {
    const next = addStep(document, { name: step, method: added.method }, at);
    const { inputs } = declared(next.steps.get(edge.target), model.catalogue);
    return connect(
      next,
      edge,
      inputs.find(each => each.name === edge.input)
    );
  });
  if (done) {
    model.select([step]);
  }
}
