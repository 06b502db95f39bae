/** What an empty drawing says. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IPipelineModel } from '../tokens';

interface IEmptyProps {
  model: IPipelineModel;
  trans: TranslationBundle;
  /** Ask which method is added. */
  add: () => void;
  /** Show the list of methods; left out, there is none. */
  list?: () => void;
}

/** An empty drawing teaches: what to do, and a button that does it. */
export function EmptyDrawing({ model, trans, add, list }: IEmptyProps): React.JSX.Element | null {
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
          'Drag a method from the list of methods to here, or double-click here and type its name. Then pull a link from an output to an input.'
        )}
      </p>
      <button type="button" className="jp-mod-styled jp-mod-accept" onClick={add}>
        {trans.__('Add a step')}
      </button>
      {list !== undefined && (
        <button type="button" className="jp-mod-styled" onClick={list}>
          {trans.__('Show the methods')}
        </button>
      )}
    </section>
  );
}
