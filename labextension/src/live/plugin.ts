/** Provides ILive. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { IApi, ILive } from '../tokens';
import { Live } from './live';

export const livePlugin: JupyterFrontEndPlugin<ILive> = {
  id: 'research-process-manager:live',
  description: 'What changes in the workspace of the Research Process Manager.',
  autoStart: true,
  requires: [IApi],
  provides: ILive,
  activate: (_: JupyterFrontEnd, api: IApi) => new Live(api)
};
