/** The list of methods of which a step is added to the table. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { methodChoices, revealing } from '../canvas/offers';
import { DeedList } from '../params/deed';
import type { IPipelineModel } from '../tokens';
import { freePlace } from './drawing';

interface IProps {
  model: IPipelineModel;
  trans: TranslationBundle;
}

export function AddStep({ model, trans }: IProps): React.JSX.Element {
  const at = freePlace(model.document, model.catalogue, model.selection);
  const deeds = methodChoices(model, at, trans).map(deed => revealing(model, deed));
  return (
    <DeedList
      label={trans.__('Add a step')}
      placeholder={trans.__('Add a step…')}
      button={trans.__('Add')}
      deeds={deeds}
      trans={trans}
    />
  );
}
