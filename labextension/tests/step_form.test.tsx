import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeEach, expect, it } from 'vitest';

import { Api } from '../src/api/api';
import type { IBegun } from '../src/runs/step_form';
import { StepForm } from '../src/runs/step_form';
import { Here, HereContext } from '../src/screen/here';
import { param, version } from './pipeline/catalogue';
import type { IAnswer } from './server';
import { REFUSAL, server } from './server';
import { Told } from './told';

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

it('a late refusal of values that were changed meanwhile is not shown as one of the new ones', async () => {
  let answer: (answer: IAnswer) => void = () => undefined;
  const { settings, requests } = server({
    '/base/pm/api/runs': () =>
      new Promise<IAnswer>(resolve => {
        answer = resolve;
      })
  });
  const trans = nullTranslator.load('');
  const here = new Here(new Api(settings), new Told(), new CommandRegistry(), trans);
  const host = document.createElement('div');
  document.body.append(host);
  const kept: IBegun[] = [];
  const gate = version('gate', { params: [param('threshold', '0.5')] });
  act(() => {
    createRoot(host).render(
      <HereContext.Provider value={here}>
        <StepForm
          version={gate}
          begun={{ params: { 'work.threshold': '0.7' }, inputs: {}, sample: 's0' }}
          keep={begun => kept.push(begun)}
        />
      </HereContext.Provider>
    );
  });
  const sample = [...host.querySelectorAll('input')].find(each => each.placeholder !== '0.5');
  const type = (text: string): void => {
    act(() => {
      // As the browser does it: past what React has put over the field.
      Reflect.set(HTMLInputElement.prototype, 'value', text, sample);
      sample?.dispatchEvent(new Event('input', { bubbles: true }));
    });
  };
  const press = (): void => {
    act(() => {
      host.querySelector<HTMLButtonElement>('button[type=submit]')?.click();
    });
  };
  const refuse = async (message: string): Promise<void> => {
    await act(async () => {
      answer({ status: 422, body: { ...REFUSAL, message } });
      await new Promise(resolve => setTimeout(resolve, 50));
    });
  };

  // What was typed before a reload is there again, and what is typed now is kept for the next.
  expect(sample?.value).toBe('s0');
  type('s1');
  expect(kept.pop()).toEqual({ params: { 'work.threshold': '0.7' }, inputs: {}, sample: 's1' });
  press();
  await expect.poll(() => requests.length).toBe(1);
  type('s2');
  await refuse('There is no sample s1.');
  expect(host.textContent).not.toContain('There is no sample s1.');
  expect(host.textContent).toContain('What was sent before your last change was not started.');
  expect(sample?.value).toBe('s2');

  press();
  await expect.poll(() => requests.length).toBe(2);
  expect(host.textContent).not.toContain('was not started');
  await refuse('There is no sample s2.');
  expect(host.textContent).toContain('There is no sample s2.');
});
