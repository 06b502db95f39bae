/** Unsaved work at the server, as two browsers see it. */

import { StateDB } from '@jupyterlab/statedb';
import { expect, it } from 'vitest';

import { Api } from '../../src/api/api';
import { PipelineModel } from '../../src/pipeline/model';
import { UnsavedWork } from '../../src/pipeline/unsaved';
import type { Answers } from '../server';
import { REFUSAL, server } from '../server';
import { draw, methods, trans } from './drawn';

interface IStored {
  key: string;
  revision: string;
  content: unknown;
}

/** A server that keeps drawings; `down`, it is not reached. */
function shelf(): { answers: Answers; drawings: Map<string, IStored>; down: boolean } {
  const drawings = new Map<string, IStored>();
  let made = 0;
  const it = { answers: {} as Answers, drawings, down: false };
  const away = { status: 503, body: REFUSAL };
  it.answers = new Proxy(
    {},
    {
      get: (_, path: string) => async (request: Request) => {
        const key = /\/drawings\/(.+)$/.exec(path)?.[1];
        if (!path.includes('/drawings') || it.down) {
          return away;
        }
        if (key === undefined) {
          return { body: { drawings: [...drawings.values()] } };
        }
        const there = drawings.get(key);
        if (request.method === 'GET') {
          return there === undefined ? { status: 404, body: REFUSAL } : { body: there };
        }
        const sent = (request.method === 'PUT' ? await request.json() : {}) as {
          content?: unknown;
          expected?: string | null;
        };
        const asked = new URL(request.url).searchParams.get('expected');
        if (there !== undefined && there.revision !== (sent.expected ?? asked)) {
          return { status: 409, body: REFUSAL };
        }
        if (request.method === 'DELETE') {
          drawings.delete(key);
          return { body: { key } };
        }
        const stored = { key, revision: `r${String(++made)}`, content: sent.content };
        drawings.set(key, stored);
        return { body: stored };
      }
    }
  );
  return it;
}

function browser(answers: Answers, state = new StateDB()): PipelineModel {
  const { settings } = server(answers);
  const api = new Api(settings);
  return new PipelineModel({
    api,
    catalogue: methods,
    unsaved: new UnsavedWork(state, api),
    key: 'tab',
    trans
  });
}

const stepsOf = (stored: IStored | undefined): string[] => {
  const { document } = (stored?.content ?? {}) as { document?: { steps: object } };
  return Object.keys(document?.steps ?? {});
};

it('is there for another browser, with all that is wrong with it, until it is thrown away', async () => {
  const { answers, drawings } = shelf();
  const mine = browser(answers);
  draw(mine, 'one', 'segment');
  draw(mine, 'two', 'no_such_method');
  await mine.keepNow();
  await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual(['one', 'two']);
  const other = browser(answers);
  expect(await other.openUnsaved()).not.toBeNull();
  expect([...other.document.steps.keys()]).toEqual(['one', 'two']);
  expect(other.dirty).toBe(true);
  await other.discard();
  await expect.poll(() => drawings.size).toBe(0);
  mine.dispose();
  other.dispose();
});

it('goes on from what another browser made of it since', async () => {
  const { answers, drawings } = shelf();
  const state = new StateDB();
  const mine = browser(answers, state);
  draw(mine, 'one');
  await mine.keepNow();
  await expect.poll(() => drawings.size).toBe(1);
  const other = browser(answers);
  await other.openUnsaved();
  draw(other, 'two');
  await other.keepNow();
  await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual(['one', 'two']);
  const again = browser(answers, state);
  await again.openUnsaved();
  expect([...again.document.steps.keys()]).toEqual(['one', 'two']);
  for (const each of [mine, other, again]) {
    each.dispose();
  }
});

it('keeps both where two browsers go on from one drawing at once', async () => {
  const { answers, drawings } = shelf();
  const mine = browser(answers);
  draw(mine, 'one');
  await mine.keepNow();
  await expect.poll(() => drawings.size).toBe(1);
  const other = browser(answers);
  await other.openUnsaved();
  draw(other, 'theirs');
  await other.keepNow();
  await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual(['one', 'theirs']);
  draw(mine, 'mine');
  await mine.keepNow();
  await expect.poll(() => drawings.size).toBe(2);
  expect([...drawings.values()].map(stepsOf)).toEqual([
    ['one', 'theirs'],
    ['one', 'mine']
  ]);
  // From then on each has its own.
  draw(mine, 'more');
  await mine.keepNow();
  await expect.poll(() => stepsOf([...drawings.values()][1])).toEqual(['one', 'mine', 'more']);
  expect(drawings.size).toBe(2);
  mine.dispose();
  other.dispose();
});

it('is not taken from the server where more was drawn here while it was away', async () => {
  const shelved = shelf();
  const state = new StateDB();
  const mine = browser(shelved.answers, state);
  draw(mine, 'one');
  await mine.keepNow();
  await expect.poll(() => shelved.drawings.size).toBe(1);
  shelved.down = true;
  draw(mine, 'two');
  await mine.keepNow();
  const again = browser(shelved.answers, state);
  await again.openUnsaved();
  expect([...again.document.steps.keys()]).toEqual(['one', 'two']);
  shelved.down = false;
  await again.keepNow();
  await expect.poll(() => stepsOf(shelved.drawings.get('tab'))).toEqual(['one', 'two']);
  mine.dispose();
  again.dispose();
});
