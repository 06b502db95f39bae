/** The list of methods in which a step is added to the table. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IPipelineModel } from '../tokens';
import { freePlace } from './drawing';
import { addStep, freeName } from './edits';

interface IProps {
  model: IPipelineModel;
  trans: TranslationBundle;
}

export function AddStep({ model, trans }: IProps): React.JSX.Element {
  const add = (method: string): void => {
    const name = freeName(model.document.steps, method);
    const at = freePlace(model.document, model.catalogue, model.selection);
    model.commit(trans.__('add %1', name), document => addStep(document, { name, method }, at));
    model.select([name]);
  };
  const modules = [...new Set(model.catalogue.methods.map(each => each.module))];
  return (
    <select
      className="jp-mod-styled"
      aria-label={trans.__('Add a step')}
      value=""
      onChange={event => {
        add(event.target.value);
      }}
    >
      <option value="">{trans.__('Add a step…')}</option>
      {modules.map(module => (
        <optgroup key={module} label={module}>
          {model.catalogue.methods
            .filter(each => each.module === module && each.latest !== null)
            .map(each => (
              <option key={each.method} value={each.method}>
                {each.method}
              </option>
            ))}
        </optgroup>
      ))}
    </select>
  );
}
