/** What is being worked on, in the status bar. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import React from 'react';

import type { ActivePlans } from './active';
import { together } from './active';

export class StatusItem extends ReactWidget {
  constructor(
    private readonly _active: ActivePlans,
    private readonly _open: () => void,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('pm-StatusItem');
  }

  protected override render(): React.JSX.Element {
    const trans = this._trans;
    return (
      <UseSignal signal={this._active.changed}>
        {() => {
          const { plans } = this._active;
          const { done, total } = together(plans);
          const count = trans._n('%1 plan', '%1 plans', plans.length);
          return (
            <button
              type="button"
              className="pm-StatusItem-button"
              title={plans.map(plan => plan.name).join('\n')}
              onClick={this._open}
            >
              {trans.__('%1 running: %2 of %3', count, done, total)}
            </button>
          );
        }}
      </UseSignal>
    );
  }
}
