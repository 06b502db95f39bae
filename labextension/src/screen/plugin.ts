/** Provides IScreens. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILayoutRestorer } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IPropertyInspectorProvider } from '@jupyterlab/property-inspector';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IApi, ILive, IScreens } from '../tokens';
import { DOMAIN } from '../translation';
import { addGraphKeys } from './graph_keys';
import { Here } from './here';
import { Setting } from './setting';
import { Screens } from './screens';

export const screensPlugin: JupyterFrontEndPlugin<IScreens> = {
  id: 'research-process-manager:screens',
  description: 'Opens the tabs of the Research Process Manager.',
  autoStart: true,
  requires: [IApi, ILive],
  optional: [
    ITranslator,
    ICommandPalette,
    ILayoutRestorer,
    IPropertyInspectorProvider,
    ISettingRegistry
  ],
  provides: IScreens,
  activate: (
    app: JupyterFrontEnd,
    api: IApi,
    live: ILive,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    inspectors: IPropertyInspectorProvider | null,
    settings: ISettingRegistry | null
  ): IScreens => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const followLogs = new Setting<boolean>(settings, 'plans', 'followLogs', [true, false]);
    const here = new Here(api, live, app.commands, trans, followLogs);
    addGraphKeys(app.commands, trans);
    return new Screens(here, app, palette, restorer, inspectors);
  }
};
