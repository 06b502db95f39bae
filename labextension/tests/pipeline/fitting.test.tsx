import { nullTranslator } from '@jupyterlab/translation';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Api } from '../../src/api/api';
import { RunChooser } from '../../src/inspector/runs';
import { fittingRuns } from '../../src/pipeline/fitting';
import { run } from '../records';
import { server } from '../server';
import { catalogue, input } from './catalogue';

const TABLE = input('nuclei', { value_type: 'table' });
const SLOW = { timeout: 20_000 };
const trans = nullTranslator.load('');

/** A record of so many pages of runs whose results are pictures; behind them lie those of `last`. */
function record(pages: number, last: string): { api: Api; asked: (string | null)[] } {
  const asked: (string | null)[] = [];
  const { settings } = server({
    '/base/pm/api/runs': request => {
      const before = new URL(request.url).searchParams.get('before');
      asked.push(before);
      const page = before === null ? pages : Number(before);
      const method = page === 0 ? last : 'summary';
      return { body: { runs: [run(page + 1, { method })], before: page === 0 ? null : page - 1 } };
    }
  });
  return { api: new Api(settings), asked };
}

it('runs that fit an input are found behind newer ones that do not', async () => {
  const { api, asked } = record(3, 'measure');
  const found = await fittingRuns(api, await catalogue(), TABLE, trans);
  expect(found.fitting.map(each => each.run.run_id)).toEqual([1]);
  expect([asked, found.before]).toEqual([[null, '2', '1', '0'], null]);
});

it('a chooser claims nothing of older runs, and looks at them when asked', async () => {
  const { api } = record(15, 'measure');
  const known = await catalogue();
  const host = document.createElement('div');
  const root = createRoot(host);
  root.render(
    <RunChooser
      api={api}
      catalogue={known}
      input={TABLE}
      onChoose={() => undefined}
      trans={trans}
    />
  );
  const text = (): string => host.textContent;
  await expect
    .poll(text, SLOW)
    .toContain('None of the newest 10 completed runs made what "nuclei" takes.');
  const buttons = [...host.querySelectorAll('button')];
  buttons.find(each => each.textContent === 'Older runs')?.click();
  await expect.poll(text, SLOW).toContain('run 1 · measure v1');
  expect(text()).not.toContain('Older runs');
  root.unmount();
}, 60_000);
