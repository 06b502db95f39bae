/** A pipeline that is being drawn, at a server that is answered by hand. */

import { StateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach } from 'vitest';

import { Api } from '../../src/api/api';
import type { Catalogue } from '../../src/pipeline/catalogue';
import { addStep } from '../../src/pipeline/edits';
import { PipelineModel } from '../../src/pipeline/model';
import { UnsavedWork } from '../../src/pipeline/unsaved';
import type { Answers } from '../server';
import { server } from '../server';
import { catalogue } from './catalogue';

export const trans = nullTranslator.load('');

/** The methods that every one of them knows. */
export const methods = await catalogue();

const made: PipelineModel[] = [];

// What one of them would still keep a moment later is nobody's when the page is gone.
afterEach(() => {
  for (const model of made.splice(0)) {
    model.dispose();
  }
});

/** A model in a tab of its own, the door it asks at, and what was asked. */
export function drawn(
  answers: Answers = {},
  state = new StateDB()
): { model: PipelineModel; api: Api; requests: Request[] } {
  const { settings, requests } = server(answers);
  const api = new Api(settings);
  return { model: modelAt(api, state), api, requests };
}

/** The same at a door that is there; `given`, what another tab or server has of its own. */
export function modelAt(
  api: Api,
  state = new StateDB(),
  given: { key?: string; catalogue?: Catalogue; unsaved?: UnsavedWork } = {}
): PipelineModel {
  const model = new PipelineModel({
    ...{ api, trans, key: 'tab', catalogue: methods, unsaved: new UnsavedWork(state) },
    ...given
  });
  made.push(model);
  return model;
}

/** Add a step, as an edit of its own. */
export function draw(model: PipelineModel, name: string, method = 'segment'): void {
  model.commit(`add ${name}`, document => addStep(document, { name, method }, { x: 0, y: 0 }));
}
