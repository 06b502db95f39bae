import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, expect, it } from 'vitest';

import { Toasts } from '../src/notify/toasts';
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
