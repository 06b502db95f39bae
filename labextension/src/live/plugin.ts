/** Provides ILive. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { ILive } from '../tokens';
import { Live } from './live';

export const livePlugin: JupyterFrontEndPlugin<ILive> = {
  id: 'research-process-manager:live',
  description: 'What changes in the workspace of the Research Process Manager.',
  autoStart: true,
  provides: ILive,
  activate: () => new Live()
};
