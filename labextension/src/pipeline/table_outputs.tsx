/** Where the results of a step go: steps that are there, or methods that are added with their link. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { portChoices, revealing } from '../canvas/offers';
import { DeedList } from '../params/deed';
import type { IPipelineModel } from '../tokens';
import { declared } from './catalogue';
import type { IStep } from './document';
import { edgesOf } from './document';
import { freePlace } from './drawing';

interface IProps {
  model: IPipelineModel;
  step: IStep;
  trans: TranslationBundle;
}

export function OutputsForm({ model, step, trans }: IProps): React.JSX.Element | null {
  const { outputs } = declared(step, model.catalogue);
  return outputs.length === 0 ? null : (
    <>
      <h3>{trans.__('Results')}</h3>
      {outputs.map(output => (
        <OutputField key={output.name} {...{ model, step, trans }} name={output.name} />
      ))}
    </>
  );
}

function OutputField(props: IProps & { name: string }): React.JSX.Element {
  const { model, step, name, trans } = props;
  const { document, catalogue } = model;
  const at = freePlace(document, catalogue, new Set([step.name]));
  const goesTo = edgesOf(document)
    .filter(edge => edge.step === step.name && edge.output === name)
    .map(edge => `${edge.target}.${edge.input}`);
  return (
    <div className="pm-Entry">
      <DeedList
        label={trans.__('Where %1 goes', name)}
        isShown
        placeholder={trans.__('choose a step or a method…')}
        button={trans.__('Connect')}
        deeds={portChoices(model, { step: step.name, side: 'out', name }, at, trans).map(deed =>
          revealing(model, deed)
        )}
        trans={trans}
      />
      {goesTo.length > 0 && <p className="pm-Hint">{goesTo.join(', ')}</p>}
    </div>
  );
}
