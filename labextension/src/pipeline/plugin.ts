/** The pipelines that are drawn: their tracker, for all plugins. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { IApi, IPipelineTracker } from '../tokens';
import { Catalogue } from './catalogue';
import { PipelineTracker } from './tracker';

export const pipelineTrackerPlugin: JupyterFrontEndPlugin<IPipelineTracker> = {
  id: 'research-process-manager:pipelines',
  description: 'The pipelines that are open.',
  autoStart: true,
  requires: [IApi],
  provides: IPipelineTracker,
  activate: (_app: JupyterFrontEnd, api: IApi): IPipelineTracker =>
    new PipelineTracker(new Catalogue(api))
};
