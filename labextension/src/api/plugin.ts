/** Provides IApi, and says once when the server half is not there. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import { DOMAIN } from '../translation';
import { IApi } from '../tokens';
import { Api } from './api';

export const apiPlugin: JupyterFrontEndPlugin<IApi> = {
  id: 'research-process-manager:api',
  description: 'The way to the server half of the Research Process Manager.',
  autoStart: true,
  optional: [ITranslator],
  provides: IApi,
  activate: (app: JupyterFrontEnd, translator: ITranslator | null): IApi => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const api = new Api(app.serviceManager.serverSettings);
    const told = new Set<string>();
    api.halfProblem.connect((_, problem) => {
      // Once per page: whoever closed the dialog knows, and each panel keeps saying it quietly.
      if (!told.has(problem.kind)) {
        told.add(problem.kind);
        void showExplanation(explained(problem, trans), trans);
      }
    });
    return api;
  }
};
