/** The parameters of a step: one value of each, or several that are tried. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IProblem } from '../api/errors';
import { countText } from '../branches/editor';
import { orNone } from '../branches/sets';
import { ParamsForm, paramsOf } from '../params/form';
import type { Branches, IStep } from '../pipeline/document';
import { setBranches, setParam } from '../pipeline/edits';
import type { IPipelineModel } from '../tokens';
import { byPlace } from './problems';

interface IProps {
  model: IPipelineModel;
  step: IStep;
  problems: readonly IProblem[];
  trans: TranslationBundle;
}

export function StepParams({ model, step, problems, trans }: IProps): React.JSX.Element {
  const { name } = step;
  const version = model.catalogue.resolve(step.method, step.version);
  const params = version === undefined ? [] : paramsOf(version.declaration);
  const grid = step.branches?.kind === 'grid' ? step.branches.axes : null;
  // Several values of a parameter that have no member yet; the document cannot hold them.
  const [opened, setOpened] = React.useState<readonly string[]>([]);
  // Where one value is recorded after all, as in a plan or after undo, that is what is shown.
  const begun = opened.filter(each => !model.readOnly && !step.params.has(each));
  const several = new Map<string, readonly string[]>([
    ...begun.map(each => [each, []] as const),
    ...(grid ?? [])
  ]);
  const fixed = step.branches !== null && step.branches.kind !== 'grid';

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
    <>
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
    </>
  );
}
