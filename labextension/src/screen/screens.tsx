/** Tabs of one kind each: opened by a command, one per thing shown, back after a reload. */

import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { IPropertyInspectorProvider } from '@jupyterlab/property-inspector';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import React from 'react';

import { CATEGORY } from '../commands';
import { Beside } from './beside';
import type { IHere } from './here';
import { hasItem, withItem } from './item';
import type { Screen } from './panel';
import { ScreenPanel } from './panel';

export interface IScreenKind<A extends ReadonlyPartialJSONObject> {
  /** The command that opens it. */
  command: string;
  /** Where the layout keeps its tabs; also the beginning of their ids. */
  namespace: string;
  /** In menus and the palette. */
  label: string;
  caption: string;
  /** What its tile in the launcher is called, where it has one. */
  tile?: string;
  icon: LabIcon;
  /** The schema of the properties that the command takes. */
  properties: ReadonlyPartialJSONObject;
  /** What the arguments of the command ask for; null, they do not say enough. */
  read: (args: ReadonlyPartialJSONObject) => A | null;
  /** Ask the person for what the arguments do not say; null, they closed the question. */
  ask?: () => Promise<A | null>;
  /** Different for different things. */
  id: (args: A) => string;
  /** The title until the screen names itself. */
  title: (args: A) => string;
  /** What the panel beside it says while no run is looked at: what to select, and what else. */
  beside: string;
  /** It is the log of a run, which the panel beside it need not show as well. */
  isLog?: boolean;
  /** Load the code of the screen. */
  load: () => Promise<Screen<A>>;
}

type Tab<A> = MainAreaWidget<ScreenPanel<A>>;

export class Screens {
  constructor(
    readonly here: IHere,
    private readonly _app: Pick<JupyterFrontEnd, 'shell' | 'contextMenuHitTest'>,
    private readonly _palette: ICommandPalette | null,
    private readonly _restorer: ILayoutRestorer | null,
    private readonly _inspectors: IPropertyInspectorProvider | null
  ) {}

  /** Add a kind of tab with its command. */
  add<A extends ReadonlyPartialJSONObject>(kind: IScreenKind<A>): WidgetTracker<Tab<A>> {
    const { commands } = this.here;
    const tracker = new WidgetTracker<Tab<A>>({ namespace: kind.namespace });
    commands.addCommand(kind.command, {
      // What is meant is known where a row was clicked: nothing is asked.
      label: args =>
        typeof args['context'] === 'string'
          ? kind.label.replace(/…$/, '')
          : args['isLauncher'] === true
            ? (kind.tile ?? kind.label)
            : kind.label,
      caption: kind.caption,
      icon: args => (args['isPalette'] === true ? undefined : kind.icon),
      describedBy: {
        args: {
          type: 'object',
          properties: { activate: { type: 'boolean' }, ...kind.properties }
        }
      },
      isVisible: args => hasItem(this._app, args),
      execute: async given => {
        const args = withItem(this._app, given);
        const asked = kind.read(args) ?? (await kind.ask?.()) ?? null;
        return asked === null ? undefined : this._open(kind, tracker, asked, args);
      }
    });
    this._palette?.addItem({
      command: kind.command,
      category: CATEGORY,
      args: { isPalette: true }
    });
    if (this._restorer !== null) {
      void this._restorer.restore(tracker, {
        command: kind.command,
        name: tab => tab.id,
        // What is shown in it may be another by now: the layout knows it by the id that it began with.
        args: tab => ({ ...tab.content.args, activate: false, tab: tab.id })
      });
    }
    return tracker;
  }

  private _open<A extends ReadonlyPartialJSONObject>(
    kind: IScreenKind<A>,
    tracker: WidgetTracker<Tab<A>>,
    args: A,
    how: ReadonlyPartialJSONObject
  ): Tab<A> {
    const { mode } = how;
    const activate = how['activate'] !== false;
    const id = typeof how['tab'] === 'string' ? how['tab'] : `${kind.namespace}-${kind.id(args)}`;
    let tab = tracker.find(each => each.id === id);
    if (tab === undefined) {
      tab = this._make(kind, tracker, args);
      tab.id = id;
      void tracker.add(tab);
    } else {
      // What is not said stays: an open plan is looked at as before.
      tab.content.revise({ ...tab.content.args, ...args });
      void tracker.save(tab);
    }
    if (!tab.isAttached) {
      this._app.shell.add(tab, 'main', {
        activate,
        ...(mode === 'split-right' ? { mode: 'split-right' } : {})
      });
    }
    if (activate) {
      this._app.shell.activateById(id);
    }
    return tab;
  }

  private _make<A extends ReadonlyPartialJSONObject>(
    kind: IScreenKind<A>,
    tracker: WidgetTracker<Tab<A>>,
    args: A
  ): Tab<A> {
    const content = new ScreenPanel<A>(
      this.here,
      args,
      kind.load,
      (label, caption) => {
        tab.title.label = label;
        tab.title.caption = caption;
      },
      () => void tracker.save(tab)
    );
    const tab = new MainAreaWidget({ content });
    tab.toolbar.hide();
    tab.title.label = kind.title(args);
    tab.title.caption = kind.title(args);
    tab.title.icon = kind.icon;
    tab.title.closable = true;
    this._inspectors
      ?.register(tab)
      .render(
        <Beside here={this.here} panel={content} hint={kind.beside} log={kind.isLog !== true} />
      );
    return tab;
  }
}

/** A whole number above 0 among the arguments of a command. */
export function numberOf(args: ReadonlyPartialJSONObject, name: string): number | null {
  const value = args[name];
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : null;
}
