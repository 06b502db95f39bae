import type { ILayoutRestorer } from '@jupyterlab/application';
import type { IRestorer } from '@jupyterlab/statedb';
import type { MainAreaWidget } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';
import { afterEach, expect, it } from 'vitest';

import { Api } from '../src/api/api';
import { Here } from '../src/screen/here';
import type { ScreenPanel } from '../src/screen/panel';
import { Screens } from '../src/screen/screens';
import { server } from './server';
import { Told } from './told';

interface ISought extends ReadonlyPartialJSONObject {
  text: string;
}

type Tab = MainAreaWidget<ScreenPanel<ISought>>;

/** A page with one kind of tab, and what the layout was told of it. */
function page(): { open: (args: object) => Promise<Tab>; restored: IRestorer.IOptions<Tab> } {
  const commands = new CommandRegistry();
  const api = new Api(server({}).settings);
  const told: IRestorer.IOptions<Tab>[] = [];
  const restorer = {
    restore: async (_: unknown, options: IRestorer.IOptions<Tab>): Promise<void> => {
      told.push(options);
      return Promise.resolve();
    }
  } as unknown as ILayoutRestorer;
  const shell = {
    add: (widget: Widget) => {
      Widget.attach(widget, document.body);
    },
    activateById: () => undefined
  } as never;
  const here = new Here(api, new Told(), commands, nullTranslator.load(''));
  new Screens(
    here,
    { shell, contextMenuHitTest: () => undefined },
    null,
    restorer,
    null
  ).add<ISought>({
    command: 'seek',
    namespace: 'pm-seek',
    label: 'Seek',
    caption: 'Seek',
    icon: new LabIcon({ name: 'test:seek', svgstr: '<svg/>' }),
    properties: { text: { type: 'string' } },
    read: ({ text }) => ({ text: typeof text === 'string' ? text : '' }),
    id: args => args.text,
    title: () => 'Seek',
    beside: '',
    load: async () => Promise.resolve(() => null)
  });
  const [restored] = told;
  if (restored === undefined) {
    throw new Error('The layout was told of no tabs.');
  }
  return {
    open: async args => (await commands.execute('seek', { ...args })) as Tab,
    restored
  };
}

afterEach(() => {
  document.body.replaceChildren();
});

it('a tab that shows another thing than it began with is found by the layout after a reload', async () => {
  const { open, restored } = page();
  const tab = await open({ text: '' });
  const name = restored.name(tab);
  expect(name).toBe('pm-seek-');
  tab.content.keep({ text: 'nucleus' });
  expect(restored.name(tab)).toBe(name);

  const after = page();
  const again = await after.open({ ...restored.args?.(tab) });
  expect(again.id).toBe(name);
  expect(after.restored.name(again)).toBe(name);
  expect(again.content.args).toEqual({ text: 'nucleus' });
  // The next reload finds it as well, and the command leads to it.
  expect(after.restored.args?.(again)).toEqual(restored.args?.(tab));
  expect(await after.open({ text: '' })).toBe(again);
});
