/** How many branches a step has, and with which other steps it branches together. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { countText } from '../branches/editor';
import { count } from '../branches/sets';
import { TextEntry } from '../params/entry';
import type { IStep } from '../pipeline/document';
import { setBranchGroup } from '../pipeline/edits';
import type { IPipelineModel } from '../tokens';

interface IProps {
  model: IPipelineModel;
  step: IStep;
  /** Absent where branches cannot be edited. */
  editBranches?: ((step: string) => void) | undefined;
  trans: TranslationBundle;
}

export function StepBranches({ model, step, editBranches, trans }: IProps): React.JSX.Element {
  const grouped = React.useId();
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
        <div className="pm-Entry">
          <label htmlFor={grouped}>{trans.__('Branch group')}</label>
          <TextEntry
            id={grouped}
            text={step.branchGroup ?? ''}
            placeholder={trans.__('steps of one group branch together')}
            onChange={group => {
              model.commit(trans.__('set branch group'), before =>
                setBranchGroup(before, step.name, group === '' ? null : group)
              );
            }}
          />
        </div>
      )}
    </>
  );
}
