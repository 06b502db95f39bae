/** What the right panel shows: one step, several, or the pipeline. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { keepFocus } from '../params/kept_focus';
import { isUndo, takesText } from '../params/keys';
import type { IApi, IPipelineModel } from '../tokens';
import type { IOverviewActions } from './overview';
import { Overview } from './overview';
import type { IStepActions } from './step';
import { StepInspector } from './step';

export type IInspectorActions = IStepActions & IOverviewActions;

interface IProps {
  api: IApi;
  model: IPipelineModel;
  actions: IInspectorActions;
  trans: TranslationBundle;
}

export function Inspector(props: IProps): React.JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => (host.current === null ? undefined : keepFocus(host.current)), []);
  return (
    // The Lab's undo and redo are heard where this is said; what is typed has its own.
    <div
      ref={host}
      className="pm-Inspector-host"
      data-jp-undoer="true"
      onKeyDown={event => {
        if (isUndo(event) && takesText(event.target)) {
          event.stopPropagation();
        }
      }}
    >
      <Shown {...props} />
    </div>
  );
}

function Shown({ api, model, actions, trans }: IProps): React.JSX.Element {
  const chosen = [...model.selection].flatMap(name => model.document.steps.get(name) ?? []);
  const [step] = chosen;
  if (step === undefined) {
    return <Overview model={model} actions={actions} trans={trans} />;
  }
  return chosen.length === 1 ? (
    // A key: what is half typed for one step is never shown at another, nor in a plan that is viewed.
    <StepInspector
      key={`${model.viewing?.plan.plan_id ?? 'draft'} ${step.name}`}
      api={api}
      model={model}
      step={step}
      actions={actions}
      trans={trans}
    />
  ) : (
    <div className="pm-Inspector">
      <h2>{trans.__('%1 steps selected', chosen.length)}</h2>
      <ul className="pm-List">
        {chosen.map(each => (
          <li key={each.name}>
            <button
              type="button"
              className="pm-TextButton"
              onClick={() => {
                model.select([each.name]);
              }}
            >
              {each.title ?? each.name}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
