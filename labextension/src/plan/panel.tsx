/** The tab with the list of plans. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { Looking } from '../screen/looking';
import type { IChange, ILive } from '../tokens';
import { PlansList } from './list';
import type { PlansModel } from './model';

/** The least milliseconds between two looks at plans that keep changing. */
const GAP = 500;

export class PlansPanel extends VDomRenderer<PlansModel> {
  constructor(
    model: PlansModel,
    private readonly _live: ILive,
    private readonly _open: (plan: number) => void,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
    this.addClass('pm-Plans');
    this.addClass('pm-Screen');
    this._looking = new Looking(() => model.refresh(), GAP);
    this._live.changed.connect(this._onChanged);
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._live.changed.disconnect(this._onChanged);
    this._looking.dispose();
    this._hold?.dispose();
    super.dispose();
  }

  protected override onAfterHide(msg: Message): void {
    super.onAfterHide(msg);
    this._hold?.dispose();
    this._hold = null;
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
        open={this._open}
        trans={this._trans}
      />
    );
  }

  private readonly _refresh = (): void => {
    this._hold ??= this._live.hold();
    void this.model.refresh();
  };

  private readonly _onChanged = (_: unknown, changes: readonly IChange[] | 'everything'): void => {
    const fits = changes === 'everything' || changes.some(({ plan }) => plan !== null);
    if (fits && this.isVisible) {
      this._looking.ask();
    }
  };

  private _hold: IDisposable | null = null;
  private readonly _looking: Looking;
}
