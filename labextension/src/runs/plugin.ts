/** Runs: their tabs, their logs, and the search in all logs. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { InputDialog } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { codeIcon, consoleIcon, searchIcon } from '@jupyterlab/ui-components';

import { CommandIDs } from '../commands';
import { runIcon } from '../icons';
import type { IStep } from '../pipeline/document';
import { numberOf } from '../screen/screens';
import { IPipelineTracker, IScreens } from '../tokens';
import type { ICodeArgs } from './code_tab';
import type { ILogArgs } from './log_tab';
import type { ISearchArgs } from './search';
import type { IStepArgs } from './step_tab';

export const runsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'research-process-manager:runs',
  description: 'Runs, their logs, and the search in all logs.',
  autoStart: true,
  requires: [IScreens],
  optional: [IEditorServices, IPipelineTracker],
  activate: (
    _: JupyterFrontEnd,
    screens: IScreens,
    editors: IEditorServices | null,
    pipelines: IPipelineTracker | null
  ): void => {
    const { trans } = screens.here;
    const run = { type: 'integer', description: trans.__('The number of the run') };

    const ask = async (): Promise<{ run: number } | null> => {
      const { value } = await InputDialog.getNumber({
        title: trans.__('Which run?'),
        label: trans.__('Number of the run')
      });
      return value !== null && Number.isSafeInteger(value) && value > 0 ? { run: value } : null;
    };
    const read = (args: Record<string, unknown>): { run: number } | null => {
      const number = numberOf(args as { run?: number }, 'run');
      return number === null ? null : { run: number };
    };

    screens.add<{ run: number }>({
      command: CommandIDs.openRun,
      namespace: 'pm-run',
      label: trans.__('Open Run…'),
      caption: trans.__('The result of a run, and how it was made'),
      icon: runIcon,
      properties: { run },
      read,
      ask,
      id: args => String(args.run),
      title: args => trans.__('Run %1', args.run),
      beside: trans.__(
        'All that is recorded of this run stands in its tab. Its plan lists the runs around it; Compare sets it beside others of its method.'
      ),
      load: async () => (await import('./tab')).default
    });
    screens.add<ILogArgs>({
      command: CommandIDs.openLog,
      namespace: 'pm-log',
      label: trans.__('Open Log…'),
      caption: trans.__('What a run printed'),
      icon: consoleIcon,
      properties: {
        run,
        line: { type: 'integer', description: trans.__('The line to go to; the first is 1') }
      },
      read: args => {
        const asked = read(args);
        return asked === null ? null : { ...asked, line: numberOf(args, 'line') ?? 0 };
      },
      ask: async () => {
        const asked = await ask();
        return asked === null ? null : { ...asked, line: 0 };
      },
      id: args => String(args.run),
      title: args => trans.__('Log %1', args.run),
      beside: '',
      isLog: true,
      load: async () => (await import('./log_tab')).default
    });
    screens.add<ICodeArgs>({
      command: CommandIDs.openCode,
      namespace: 'pm-code',
      label: trans.__('Open Code of a Version…'),
      caption: trans.__('The files of a version, as they were committed'),
      icon: codeIcon,
      properties: {
        method: { type: 'string', description: trans.__('The name of the method') },
        version: { type: 'integer', description: trans.__('Its version') }
      },
      read: args => {
        const version = numberOf(args, 'version');
        const method = args['method'];
        return version === null || typeof method !== 'string' || method === ''
          ? null
          : { method, version };
      },
      ask: async () => {
        const { value } = await InputDialog.getText({
          title: trans.__('The code of which version?'),
          label: trans.__('Method and version, as in label_positive v2')
        });
        const [, method, version] = /^\s*(\S+)[\s/]+v?(\d{1,9})\s*$/.exec(value ?? '') ?? [];
        return method === undefined ? null : { method, version: Number(version) };
      },
      id: args => `${args.version}-${args.method}`,
      title: args => trans.__('%1 v%2', args.method, args.version),
      beside: trans.__(
        'These are the files of a version as they were committed. Runs of it name it; their lineage leads here.'
      ),
      load: async () => (await import('./code_tab')).codeScreen(editors)
    });
    screens.add<ISearchArgs>({
      command: CommandIDs.searchLogs,
      namespace: 'pm-search-logs',
      label: trans.__('Search Logs'),
      caption: trans.__('Search in what all runs printed'),
      icon: searchIcon,
      properties: {
        text: { type: 'string', description: trans.__('What to look for') },
        level: { type: 'string', description: trans.__('The least level, as WARNING or ERROR') },
        method: { type: 'string', description: trans.__('The name of the method') },
        plan: { type: 'integer', description: trans.__('The number of a plan') },
        step: { type: 'string', description: trans.__('The name of a step') }
      },
      read: args => ({
        text: textOf(args['text']),
        level: textOf(args['level']),
        method: textOf(args['method']),
        // As it is kept for a reload, it is a text.
        plan: String(numberOf(args, 'plan') ?? textOf(args['plan'])),
        step: textOf(args['step'])
      }),
      // What a plan warned of has a tab of its own beside what was typed.
      id: args => (args.plan === '' ? args.text : `plan-${args.plan}-${args.step}`),
      title: () => trans.__('Search logs'),
      beside: trans.__('A line that is found leads to its place in the log of its run.'),
      load: async () => (await import('./search')).default
    });
    screens.add<IStepArgs>({
      command: CommandIDs.runStep,
      namespace: 'pm-run-step',
      label: trans.__('Run a Method Now…'),
      caption: trans.__('Run one method on chosen data, without a plan of many runs'),
      icon: runIcon,
      properties: {
        method: { type: 'string', description: trans.__('The name of the method') },
        version: { type: 'integer', description: trans.__('Its version; else the latest') },
        step: {
          type: 'string',
          description: trans.__('The step of the pipeline in front that has its values')
        }
      },
      read: args => {
        const step = textOf(args['step']);
        const drawn = pipelines?.current?.document.steps.get(step);
        return {
          method: textOf(args['method']),
          version: numberOf(args, 'version') ?? 0,
          step,
          params: textsOf(args['params']) ?? Object.fromEntries(drawn?.params ?? []),
          inputs: textsOf(args['inputs']) ?? boundBy(drawn),
          sample: textOf(args['sample'])
        };
      },
      id: args => `${args.method}-${args.version}-${args.step}`,
      title: args =>
        args.method === '' ? trans.__('Run a method') : trans.__('Run %1', args.method),
      beside: trans.__(
        'Give it its data and its values, and run it: its log and its result appear below the form.'
      ),
      load: async () => (await import('./step_tab')).default
    });
  }
};

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Names and texts, as a layout that is restored has them. */
function textsOf(value: unknown): Record<string, string> | null {
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value).filter((each): each is [string, string] => textOf(each[1]) !== '')
      )
    : null;
}

/** The inputs of a drawn step that mean something without its pipeline, as they are typed. */
function boundBy(step: IStep | undefined): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, binding] of step?.inputs ?? []) {
    if (binding.kind === 'run') {
      texts[name] = `run:${binding.run}/${binding.output}`;
    } else if (binding.kind === 'file') {
      texts[name] = `file:${binding.path}`;
    } else if (binding.kind === 'value') {
      texts[name] = binding.text;
    }
  }
  return texts;
}
