import { Notification } from '@jupyterlab/apputils';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { afterEach, expect, it } from 'vitest';

import pipeline from '../schema/pipeline.json';
import plans from '../schema/plans.json';
import type { Told } from '../src/notify/toasts';
import { Toasts } from '../src/notify/toasts';
import { Setting } from '../src/screen/setting';
import { PLAN } from './server';

afterEach(() => {
  Notification.dismiss();
});

it('how a plan ended before is not told any more once it runs again, and never twice', () => {
  const toasts = new Toasts(() => undefined, nullTranslator.load(''));
  const told = (): string[] => Notification.manager.notifications.map(each => each.message);
  const failed = { ...PLAN, status: 'failed' as const };
  const other = { ...failed, plan_id: PLAN.plan_id + 1 };
  toasts.tell({ kind: 'ended', plan: other });
  toasts.tell({ kind: 'ended', plan: failed });
  expect(told()).toHaveLength(2);

  toasts.tell({ kind: 'started', plan: { ...PLAN, status: 'running' } });
  expect(told()).toHaveLength(2);
  expect(told().filter(each => each.includes('started'))).toHaveLength(1);

  toasts.tell({ kind: 'ended', plan: failed });
  toasts.tell({ kind: 'ended', plan: failed });
  expect(told()).toHaveLength(2);
  expect(told().some(each => each.includes('started'))).toBe(false);
});

it('what is told of a plan leads to it, while it runs and when it has ended', () => {
  const opened: number[] = [];
  const toasts = new Toasts(plan => opened.push(plan), nullTranslator.load(''));
  const press = (): string => {
    const [only] = Notification.manager.notifications;
    const [action] = only?.options.actions ?? [];
    action?.callback(new MouseEvent('click'));
    return action?.label ?? '';
  };
  toasts.tell({ kind: 'started', plan: PLAN });
  expect(press()).toBe('Open');
  toasts.tell({ kind: 'moved', plan: PLAN });
  expect(press()).toBe('Open');
  toasts.tell({ kind: 'ended', plan: { ...PLAN, status: 'completed' } });
  expect(press()).toBe('View');
  toasts.tell({ kind: 'started', plan: PLAN });
  toasts.tell({ kind: 'ended', plan: { ...PLAN, status: 'partial' } });
  expect(press()).toBe('Show what failed');
  expect(opened).toEqual([12, 12, 12, 12]);
});

it.each([
  ['all', ['Plan 12 (cells) started', 'Plan 12 (cells) is done', 'Plan 13 (cells) failed']],
  ['failures', ['Plan 13 (cells) failed']],
  ['none', []]
] as const)('%s of the news are told, as it is set', (value, wanted) => {
  const said: string[] = [];
  const note = (_: unknown, { type, notification }: Notification.IChange): void => {
    if (type === 'added') {
      said.push(notification.message);
    }
  };
  Notification.manager.changed.connect(note);
  const toasts = new Toasts(() => undefined, nullTranslator.load(''), { value });
  toasts.tell({ kind: 'started', plan: PLAN });
  toasts.tell({ kind: 'moved', plan: PLAN });
  toasts.tell({ kind: 'ended', plan: { ...PLAN, status: 'completed' } });
  toasts.tell({ kind: 'ended', plan: { ...PLAN, plan_id: 13, status: 'failed' } });
  Notification.manager.changed.disconnect(note);
  expect(said.map(message => message.split(':')[0])).toEqual(wanted);
});

/** What of the registry is needed: the settings of one name. */
function asRegistry(fake: { load: () => Promise<unknown> }): Pick<ISettingRegistry, 'load'> {
  return fake as Pick<ISettingRegistry, 'load'>;
}

it('a setting is what it was set to, also when that changes, and nothing that makes no sense', async () => {
  let composite: unknown = 'failures';
  const changed = new Signal<object, undefined>({});
  const registry = { load: () => Promise.resolve({ changed, get: () => ({ composite }) }) };
  const known: readonly [Told, ...Told[]] = ['all', 'failures', 'none'];
  const setting = new Setting<Told>(asRegistry(registry), 'plans', 'notifications', known);
  expect(setting.value).toBe('all');
  await setting.ready;
  expect(setting.value).toBe('failures');
  composite = 'none';
  changed.emit(undefined);
  expect(setting.value).toBe('none');
  composite = 7;
  changed.emit(undefined);
  expect(setting.value).toBe('all');
  const unread = { load: () => Promise.reject(new Error('no such settings')) };
  const other = new Setting<Told>(asRegistry(unread), 'plans', 'notifications', known);
  await other.ready;
  expect(other.value).toBe('all');
});

it.each(Object.entries({ plans, pipeline }))(
  'settings of %s have a default and say what they are for',
  (_, { properties }) => {
    const all = Object.values<{ default: unknown; description: string }>(properties);
    expect(all.length).toBeGreaterThan(0);
    for (const each of all) {
      expect(each.default).toBeDefined();
      expect(each.description).toMatch(/\.$/);
    }
  }
);
