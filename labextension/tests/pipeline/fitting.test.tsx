import { nullTranslator } from '@jupyterlab/translation';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it } from 'vitest';

import { Api } from '../../src/api/api';
import { RunChooser } from '../../src/inspector/runs';
import { Catalogue } from '../../src/pipeline/catalogue';
import { fittingRuns } from '../../src/pipeline/fitting';
import { run } from '../records';
import { server } from '../server';
import { catalogue, input, METHODS, output, version } from './catalogue';

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

it('what an older version made is judged by what that version declares', async () => {
  const { settings } = server({
    '/base/pm/api/methods': { body: { methods: METHODS } },
    // The latest makes a table, this one made a picture; of the other it is the other way round.
    '/base/pm/api/methods/segment/versions/1': {
      body: version('segment', { outputs: [output('old', 'image')] })
    },
    '/base/pm/api/methods/summary/versions/7': {
      body: version('summary', { version: 7, outputs: [output('counts')] })
    },
    '/base/pm/api/runs': {
      body: {
        runs: [
          run(3, { method: 'segment', version: 1 }),
          run(2, { method: 'summary', version: 7 }),
          run(1, { method: 'measure', version: 9 })
        ],
        before: null
      }
    }
  });
  const api = new Api(settings);
  const known = new Catalogue(api);
  await known.refresh();
  const { fitting } = await fittingRuns(api, known, TABLE, trans);
  // What cannot be had is judged by the latest.
  expect(fitting.map(each => [each.run.run_id, each.outputs.map(one => one.name)])).toEqual([
    [2, ['counts']],
    [1, ['table']]
  ]);
});

it('a chooser says among which runs it found nothing', async () => {
  const { settings } = server({ '/base/pm/api/runs': { body: { runs: [], before: null } } });
  const host = document.createElement('div');
  const root = createRoot(host);
  root.render(
    <RunChooser
      api={new Api(settings)}
      catalogue={await catalogue()}
      input={{ ...TABLE, module: 'cells' }}
      onChoose={() => undefined}
      trans={trans}
    />
  );
  const text = (): string => host.textContent;
  const said = (which: string): string => `Of all ${which} none made what "nuclei" takes.`;
  await expect.poll(text, SLOW).toContain(said('completed runs of module cells'));
  const field = host.querySelector('input');
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(field, 's1');
  field?.dispatchEvent(new Event('input', { bubbles: true }));
  await expect.poll(text, SLOW).toContain(said('completed runs of module cells and sample "s1"'));
  root.unmount();
}, 60_000);

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
