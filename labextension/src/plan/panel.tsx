/** The tab with the list of plans. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { PlansList } from './list';
import type { PlansModel } from './model';

export class PlansPanel extends VDomRenderer<PlansModel> {
  constructor(
    model: PlansModel,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
    this.addClass('pm-Plans');
  }

  // Asked for when it is seen, not when a hidden tab is restored.
  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._refresh();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      this._refresh();
    }
  }

  protected override render(): React.JSX.Element {
    return (
      <PlansList
        state={this.model.state}
        busy={this.model.busy}
        refresh={this._refresh}
        trans={this._trans}
      />
    );
  }

  private readonly _refresh = (): void => {
    void this.model.refresh();
  };
}
