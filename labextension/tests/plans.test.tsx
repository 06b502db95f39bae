import { nullTranslator } from '@jupyterlab/translation';
import React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeEach, describe, expect, it } from 'vitest';

import { Api } from '../src/api/api';
import { HalfProblem } from '../src/api/errors';
import { PlansList } from '../src/plan/list';
import type { PlansState } from '../src/plan/model';
import { PlansModel } from '../src/plan/model';
import type { Answers, IAnswer } from './server';
import { MARKS, PLAN, REFUSAL, server, STATUS } from './server';

const trans = nullTranslator.load('');

function model(answers: Answers): PlansModel {
  return new PlansModel(new Api(server(answers).settings));
}

function shown(state: PlansState, refresh = (): void => undefined): HTMLElement {
  const host = document.createElement('div');
  const root = createRoot(host);
  act(() => {
    root.render(
      <PlansList
        state={state}
        busy={false}
        refresh={refresh}
        open={() => undefined}
        trans={trans}
      />
    );
  });
  return host;
}

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

describe('the model', () => {
  it('lists what the server lists', async () => {
    const plans = model({
      '/base/pm/api/status': { body: STATUS },
      '/base/pm/api/plans': { body: { plans: [PLAN] } }
    });
    expect(plans.state.kind).toBe('loading');
    await plans.refresh();
    expect(plans.state).toEqual({ kind: 'listed', plans: [PLAN], marks: MARKS });
  });

  it('keeps the reason when something is missing', async () => {
    const plans = model({ '/base/pm/api/status': { body: { ...STATUS, problem: REFUSAL } } });
    await plans.refresh();
    expect(plans.state).toMatchObject({ kind: 'failed', error: { refusal: REFUSAL } });
  });

  it('tells a missing workspace from a missing database', async () => {
    const status = { ...STATUS, workspace: null, problem: { ...REFUSAL, error: 'NotFound' } };
    const plans = model({ '/base/pm/api/status': { body: status } });
    await plans.refresh();
    expect(shown(plans.state).querySelector('h2')?.textContent).toBe('No workspace');
  });

  it('recovers when it is asked again', async () => {
    const answers: Answers = {};
    const plans = model(answers);
    await plans.refresh();
    expect(plans.state.kind).toBe('failed');
    answers['/base/pm/api/status'] = { body: STATUS };
    answers['/base/pm/api/plans'] = { body: { plans: [] } };
    await plans.refresh();
    expect(plans.state.kind).toBe('listed');
  });

  it('is not set back by an older answer that arrives late', async () => {
    const waiting: ((answer: IAnswer) => void)[] = [];
    const plans = model({
      '/base/pm/api/status': { body: STATUS },
      '/base/pm/api/plans': () => new Promise<IAnswer>(resolve => waiting.push(resolve))
    });
    const first = plans.refresh();
    const second = plans.refresh();
    await expect.poll(() => waiting.length).toBe(2);
    waiting[1]?.({ body: { plans: [PLAN] } });
    await second;
    waiting[0]?.({ body: { plans: [] } });
    await first;
    expect(plans.state).toMatchObject({ plans: [PLAN] });
    expect(plans.busy).toBe(false);
  });
});

describe('the list', () => {
  it('shows a plan with its mark, its counts and its number', () => {
    const host = shown({ kind: 'listed', plans: [PLAN], marks: MARKS });
    const row = host.querySelector('tbody tr');
    expect(row?.querySelector('th')?.textContent).toBe('cells plan 12');
    expect(row?.querySelector('.pm-Mark')?.textContent).toBe('running');
    expect(row?.querySelector('.pm-Counts-text')?.textContent).toBe('17 of 26 (6 reused)');
    expect(row?.querySelector('[role=img]')?.getAttribute('aria-label')).toBe(
      '11 completed, 6 reused, 9 waiting'
    );
    expect(row?.querySelector('time')?.dateTime).toBe(PLAN.created_at);
  });

  it('shows names as text, never as markup', () => {
    const plan = { ...PLAN, name: '<img src=x onerror=alert(1)>', status: '<b>odd</b>' as 'draft' };
    const host = shown({ kind: 'listed', plans: [plan], marks: MARKS });
    expect(host.querySelector('img, b')).toBeNull();
    expect(host.textContent).toContain('<img src=x onerror=alert(1)>');
  });

  it('says what a plan is when there is none', () => {
    const host = shown({ kind: 'listed', plans: [], marks: MARKS });
    expect(host.querySelector('h2')?.textContent).toBe('No plans yet');
    expect(host.querySelector('code')?.textContent).toBe('pm demo');
  });

  it('says what is wrong, with the command that mends it, and asks again', () => {
    let asked = 0;
    const host = shown({ kind: 'failed', error: new HalfProblem('missing') }, () => asked++);
    expect(host.querySelector('h2')?.textContent).toBe('The server half is missing');
    expect(host.querySelector('code')?.textContent).toContain('pip install');
    act(() => {
      host.querySelector<HTMLButtonElement>('button.jp-mod-accept')?.click();
    });
    expect(asked).toBe(1);
  });
});
