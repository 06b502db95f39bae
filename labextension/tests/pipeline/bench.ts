/** The commands of pipelines as the Lab has them: tabs, and which of them is in front. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import { StateDB } from '@jupyterlab/statedb';
import { CommandRegistry } from '@lumino/commands';
import { Widget } from '@lumino/widgets';

import { Api } from '../../src/api/api';
import { addCommands } from '../../src/pipeline/actions';
import type { ITabArgs } from '../../src/pipeline/tab';
import { isSame, PipelineTab } from '../../src/pipeline/tab';
import { PipelineTracker } from '../../src/pipeline/tracker';
import { fakeContexts } from '../canvas/context';
import type { Answers } from '../server';
import { server, STATUS } from '../server';
import { methods, trans } from './drawn';

export interface IBench {
  readonly commands: CommandRegistry;
  readonly requests: readonly Request[];
  /** All tabs, in the order in which they were opened. */
  readonly open: readonly PipelineTab[];
  dispose(): void;
}

/** A Lab with no tabs yet, at a server that is answered by hand. */
export function bench(answers: Answers = {}): IBench {
  fakeContexts();
  const { settings, requests } = server({ '/base/pm/api/status': { body: STATUS }, ...answers });
  const api = new Api(settings);
  const commands = new CommandRegistry();
  const tabs = new WidgetTracker<PipelineTab>({ namespace: 'bench' });
  const made: PipelineTab[] = [];
  const shell = {
    currentWidget: null as Widget | null,
    activateById: (id: string): void => {
      shell.currentWidget = made.find(each => each.id === id) ?? null;
    }
  };
  const open = (args: ITabArgs): PipelineTab => {
    let tab = made.find(each => isSame(each.args, args));
    if (tab === undefined) {
      tab = new PipelineTab({
        args,
        api,
        commands,
        trans,
        themes: null,
        state: new StateDB(),
        live: null,
        tracker: new PipelineTracker(methods),
        save: async () => Promise.resolve(true)
      });
      made.push(tab);
      void tabs.add(tab);
      Widget.attach(tab, document.body);
    }
    shell.currentWidget = tab;
    Object.defineProperty(tabs, 'currentWidget', { value: tab, configurable: true });
    return tab;
  };
  const app = { commands, shell, contextMenuHitTest: () => undefined };
  addCommands({
    app: app as unknown as JupyterFrontEnd,
    api,
    tabs,
    open,
    keyFor: async key => Promise.resolve(key),
    trans
  });
  return {
    commands,
    requests,
    open: made,
    dispose: () => {
      for (const tab of made) {
        tab.dispose();
      }
    }
  };
}
