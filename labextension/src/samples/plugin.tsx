/** The samples of the pipeline in front, in a dialog. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, UseSignal } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import React from 'react';

import { CATEGORY, CommandIDs } from '../commands';
import { showEditor, toTabInFront } from '../params/dialog';
import { IPipelineTracker } from '../tokens';
import type { IPipelineModel } from '../tokens';
import { DOMAIN } from '../translation';
import { SamplesEditor } from './editor';
import { fromFolder, fromThisComputer } from './files';
import type { ISheet } from './sheet';
import { samplesDocument, sheetOf } from './sheet';
import { unfed } from './wanted';

export const samplesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:samples',
  description: 'The samples of a pipeline.',
  autoStart: true,
  requires: [IPipelineTracker],
  optional: [ITranslator, ICommandPalette, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    pipelines: IPipelineTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const sources = [
      fromThisComputer(trans),
      ...(browser === null ? [] : [fromFolder(browser, app.serviceManager.contents, trans)])
    ];

    const editor = (model: IPipelineModel): React.JSX.Element => (
      <UseSignal signal={model.changed}>
        {() => (
          <UseSignal signal={model.checked}>
            {() => (
              <SamplesEditor
                sheet={sheetOf(model.request.samples)}
                problems={model.problems
                  .filter(problem => SHEET_CODES.has(problem.code))
                  .map(problem => problem.message)}
                told={model.problems
                  .filter(problem => SOURCE_CODES.has(problem.code) || problem.edge !== null)
                  .map(problem => problem.message)}
                sources={sources}
                wanted={unfed(model)}
                onChange={(sheet, said) => {
                  commit(model, sheet, said);
                }}
                trans={trans}
              />
            )}
          </UseSignal>
        )}
      </UseSignal>
    );

    commands.addCommand(CommandIDs.editSamples, {
      label: args =>
        args['isPalette'] === true ? trans.__('Edit Samples of Pipeline') : trans.__('Samples…'),
      caption: trans.__('Type or paste the samples, or take a sample sheet'),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => pipelines.current?.readOnly === false,
      execute: async () => {
        const model = pipelines.current;
        if (model?.readOnly === false) {
          await showEditor(trans.__('Samples'), editor(model), trans, () => {
            toTabInFront(app.shell);
          });
        }
      }
    });
    palette?.addItem({
      command: CommandIDs.editSamples,
      category: CATEGORY,
      args: { isPalette: true }
    });
  }
};

function commit(model: IPipelineModel, sheet: ISheet, said: string): void {
  model.commitRequest(said, request => ({ ...request, samples: samplesDocument(sheet) }));
}

/** Codes of problems that are about what a plan begins with, be it named in the sheet or not. */
const SOURCE_CODES = new Set(['file', 'run', 'module', 'type']);

/** Codes of problems that are about the sample sheet. */
const SHEET_CODES = new Set([
  'missing_column',
  'row',
  'column',
  'csv',
  'encoding',
  'empty_sheet',
  'cell'
]);
