/** The tab in which a draft is looked at before it runs. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { keepFocus } from '../params/kept_focus';
import type { PreviewModel } from './model';
import type { IPreviewLinks } from './view';
import { PreviewView } from './view';

export class PreviewPanel extends VDomRenderer<PreviewModel> {
  constructor(
    model: PreviewModel,
    private readonly _links: IPreviewLinks,
    private readonly _trans: TranslationBundle
  ) {
    super(model);
    this.addClass('pm-Preview');
  }

  /** A draft that is looked at again may run otherwise than before. */
  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this.model.load();
  }

  protected override onBeforeDetach(msg: Message): void {
    this._endKeeping();
    super.onBeforeDetach(msg);
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this._endKeeping = keepFocus(this.node);
    if (this.isVisible) {
      void this.model.load();
    }
  }

  protected override render(): React.JSX.Element {
    return <PreviewView model={this.model} links={this._links} trans={this._trans} />;
  }

  private _endKeeping = (): void => undefined;
}
