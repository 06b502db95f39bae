/** What is done with several steps at once. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { CommandIDs } from '../commands';
import { DeedList } from '../params/deed';
import type { IPipelineModel } from '../tokens';
import { ALIGNMENTS } from './drawing';
import { keepTextKeys } from './table_row';

interface IProps {
  model: IPipelineModel;
  commands: CommandRegistry;
  remove: (names: ReadonlySet<string>) => void;
  trans: TranslationBundle;
}

export function SelectedSteps({ model, commands, remove, trans }: IProps): React.JSX.Element {
  const { size } = model.selection;
  const label = trans.__('%1 steps selected', size);
  const deeds = [
    ...ALIGNMENTS.map(how => ({ command: CommandIDs.align, args: { how } })),
    { command: CommandIDs.arrange, args: {} }
  ]
    .filter(({ command }) => commands.hasCommand(command))
    .map(({ command, args }) => ({
      group: trans.__('Places in the drawing'),
      label: commands.label(command, args),
      choose: () => {
        void commands.execute(command, args);
      }
    }));
  const buttons = [
    { command: CommandIDs.duplicateSelection, text: trans.__('Duplicate') },
    { command: CommandIDs.copySelection, text: trans.__('Copy') }
  ].filter(each => commands.hasCommand(each.command));
  return (
    <div className="pm-StepTable-selected" role="group" aria-label={label} onKeyDown={keepTextKeys}>
      <p role="status">{label}</p>
      {!model.readOnly && (
        <>
          {deeds.length > 0 && (
            <DeedList
              label={trans.__('Align')}
              placeholder={trans.__('Align or arrange…')}
              button={trans.__('Do')}
              deeds={deeds}
              trans={trans}
            />
          )}
          <div className="pm-Row">
            {buttons.map(({ command, text }) => (
              <button
                key={command}
                type="button"
                className="jp-mod-styled"
                onClick={() => {
                  void commands.execute(command);
                }}
              >
                {text}
              </button>
            ))}
            <button
              type="button"
              className="jp-mod-styled jp-mod-warn"
              onClick={() => {
                remove(model.selection);
              }}
            >
              {trans.__('Delete')}
            </button>
          </div>
        </>
      )}
    </div>
  );
}
