import { afterEach, expect, it, vi } from 'vitest';

import { openPicker } from '../../src/canvas/picker';

afterEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

it('stays in sight when choices that come later make it longer', async () => {
  // A page of 600 pixels, and a box that grows by 20 with each choice.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
  vi.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockImplementation(function (
    this: HTMLElement
  ) {
    return 40 + 20 * this.querySelectorAll('[role=option]').length;
  });
  Element.prototype.scrollIntoView = () => undefined;
  const host = document.createElement('div');
  document.body.append(host);
  const choice = (n: number) => ({ label: `run ${n}`, group: 'Runs', choose: () => undefined });
  const later = Promise.resolve(Array.from({ length: 10 }, (_, n) => choice(n)));
  const picker = openPicker({
    host,
    x: 10,
    y: 500,
    label: 'Choose data',
    placeholder: '',
    nothing: 'Nothing fits',
    choices: [choice(100)],
    later
  });
  const box = host.querySelector<HTMLElement>('.pm-Picker');
  expect(box?.style.top).toBe('500px');
  await later;
  await Promise.resolve();
  expect(host.querySelectorAll('[role=option]')).toHaveLength(11);
  expect(box?.style.top).toBe(`${600 - 260 - 4}px`);
  picker.close();
});

it('says that what comes later could not be had', async () => {
  const host = document.createElement('div');
  document.body.append(host);
  const later = Promise.reject(new Error('The server does not answer.'));
  openPicker({
    host,
    x: 0,
    y: 0,
    label: 'Choose data',
    placeholder: '',
    nothing: 'Nothing fits',
    choices: [],
    later,
    failed: error => `Earlier runs could not be read: ${String(error)}`
  });
  await later.catch(() => undefined);
  await Promise.resolve();
  const list = host.querySelector('[role=listbox]');
  expect(list?.textContent).toBe(
    'Earlier runs could not be read: Error: The server does not answer.'
  );
});
