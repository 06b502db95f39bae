/** The branches of a step of the pipeline in front, in a dialog. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, UseSignal } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import React from 'react';

import { CATEGORY, CommandIDs } from '../commands';
import { showEditor, toTabInFront } from '../params/dialog';
import { paramsOf } from '../params/form';
import { setBranches } from '../pipeline/edits';
import type { IPipelineModel } from '../tokens';
import { IPipelineTracker } from '../tokens';
import { DOMAIN } from '../translation';
import { BranchesEditor } from './editor';

export const branchesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:branches',
  description: 'The branches of a step.',
  autoStart: true,
  requires: [IPipelineTracker],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app: JupyterFrontEnd,
    pipelines: IPipelineTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load(DOMAIN);

    const stepOf = (asked: unknown): string | undefined => {
      const model = pipelines.current;
      const [selected] = model?.selection ?? [];
      const name = typeof asked === 'string' ? asked : selected;
      return name !== undefined && model?.document.steps.has(name) === true ? name : undefined;
    };

    const editor = (model: IPipelineModel, name: string): React.JSX.Element => (
      <UseSignal signal={model.changed}>
        {() => {
          const step = model.document.steps.get(name);
          const version = step && model.catalogue.resolve(step.method, step.version);
          return step === undefined ? (
            <p>{trans.__('The step "%1" was removed.', name)}</p>
          ) : (
            <BranchesEditor
              branches={step.branches}
              params={version === undefined ? [] : paramsOf(version.declaration)}
              onChange={(branches, said) => {
                model.commit(said, document => setBranches(document, name, branches));
              }}
              trans={trans}
            />
          );
        }}
      </UseSignal>
    );

    commands.addCommand(CommandIDs.editBranches, {
      label: args =>
        args['isPalette'] === true ? trans.__('Edit Branches of Step') : trans.__('Branches…'),
      caption: trans.__('Run this step with several sets of values'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            step: { type: 'string', description: trans.__('The step; without it the selected one') }
          }
        }
      },
      isEnabled: args =>
        pipelines.current?.readOnly === false && stepOf(args['step']) !== undefined,
      execute: async args => {
        const model = pipelines.current;
        const step = stepOf(args['step']);
        if (model !== null && step !== undefined) {
          const title = trans.__('Branches of %1', step);
          await showEditor(title, editor(model, step), trans, () => {
            toTabInFront(app.shell);
          });
        }
      }
    });
    palette?.addItem({
      command: CommandIDs.editBranches,
      category: CATEGORY,
      args: { isPalette: true }
    });
  }
};
