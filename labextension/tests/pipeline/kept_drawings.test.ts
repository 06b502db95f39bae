/** Unsaved work at the server, as two browsers see it. */

import { StateDB } from '@jupyterlab/statedb';
import { afterEach, expect, it, vi } from 'vitest';

import { Api } from '../../src/api/api';
import type { IWhichDrawing } from '../../src/pipeline/kept_drawings';
import { KeptDrawings } from '../../src/pipeline/kept_drawings';
import type { PipelineModel } from '../../src/pipeline/model';
import type { IUnsaved } from '../../src/pipeline/unsaved';
import { UnsavedWork } from '../../src/pipeline/unsaved';
import type { Answers } from '../server';
import { REFUSAL, server } from '../server';
import { draw, modelAt } from './drawn';

interface IStored {
  key: string;
  revision: string;
  content: unknown;
}

/** A server that keeps drawings; `down`, it is not reached. */
interface IShelf {
  answers: Answers;
  drawings: Map<string, IStored>;
  down: boolean;
  /** What is asked arrives, and the answer does not. */
  deaf: boolean;
  /** Lets an answer wait. */
  hold: () => Promise<void>;
}

function shelf(): IShelf {
  const drawings = new Map<string, IStored>();
  let made = 0;
  const it = {
    answers: {} as Answers,
    drawings,
    down: false,
    deaf: false,
    hold: async (): Promise<void> => Promise.resolve()
  };
  const isDown = (): boolean => it.down;
  const away = { status: 503, body: REFUSAL };
  it.answers = new Proxy(
    {},
    {
      get: (_, path: string) => async (request: Request) => {
        const key = /\/drawings\/(.+)$/.exec(path)?.[1];
        if (!path.includes('/drawings') || isDown()) {
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
        await it.hold();
        if (isDown()) {
          return away;
        }
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
        return it.deaf ? Promise.reject(new Error('gone')) : { body: stored };
      }
    }
  );
  return it;
}

function browser(
  answers: Answers,
  state = new StateDB(),
  which: IWhichDrawing & { tab?: string } = {}
): PipelineModel {
  const { settings } = server(answers);
  const api = new Api(settings);
  return modelAt(api, state, {
    unsaved: new UnsavedWork(state, api, which),
    key: which.tab ?? 'tab'
  });
}

/** One that has drawn and kept a step. */
async function begun(
  { answers, drawings }: Pick<IShelf, 'answers' | 'drawings'>,
  state = new StateDB()
): Promise<PipelineModel> {
  const model = browser(answers, state);
  draw(model, 'one');
  await model.keepNow();
  await expect.poll(() => drawings.size).toBe(1);
  return model;
}

/** What one tab keeps, without the pipeline that is drawn in it. */
function keeping(answers: Answers, state = new StateDB()): KeptDrawings {
  return new KeptDrawings(new Api(server(answers).settings), state);
}

const work = (time: string): IUnsaved => ({
  document: { format: 1, name: '', steps: { [time]: {} } },
  request: {},
  template: null,
  draft: null,
  time
});

const AGAIN_MS = 20_000;

const stepsOf = (stored: IStored | undefined): string[] => {
  const { document } = (stored?.content ?? {}) as { document?: { steps: object } };
  return Object.keys(document?.steps ?? {});
};

afterEach(() => {
  vi.useRealTimers();
});

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
  const mine = await begun({ answers, drawings }, state);
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
  const mine = await begun({ answers, drawings });
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

it('is neither changed nor thrown away by a page that does not understand it', async () => {
  for (const document of [{ format: 2, steps: { one: { method: 'segment' } } }, { steps: {} }]) {
    const { answers, drawings } = shelf();
    const there = { key: 'tab', revision: 'r0', content: { ...work('then'), document } };
    drawings.set('tab', there);
    const old = browser(answers);
    expect(await old.openUnsaved()).toBe('then');
    await old.keepNow();
    await old.discard();
    old.dispose();
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(drawings.get('tab')).toBe(there);
  }
});

it('stays what it is while another browser only looks at it', async () => {
  const { answers, drawings } = shelf();
  const mine = await begun({ answers, drawings });
  const { revision } = drawings.get('tab') ?? {};
  const state = new StateDB();
  for (const open of [1, 2]) {
    const other = browser(answers, state);
    await other.openUnsaved();
    expect([open, ...other.document.steps.keys()]).toEqual([open, 'one']);
    await other.keepNow();
    other.dispose();
  }
  await new Promise(resolve => setTimeout(resolve, 100));
  expect(drawings.get('tab')?.revision).toBe(revision);
  draw(mine, 'two');
  await mine.keepNow();
  await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual(['one', 'two']);
  expect(drawings.size).toBe(1);
  // Who undoes what was kept keeps that as well.
  mine.undo();
  await mine.keepNow();
  await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual(['one']);
  mine.dispose();
});

it('is not written over by older work that is tried again, nor comes back by that', async () => {
  for (const then of ['keep', 'forget'] as const) {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const shelved = shelf();
    const { answers, drawings } = shelved;
    const kept = keeping(answers);
    kept.keep('tab', work('0'));
    await expect.poll(() => drawings.size).toBe(1);
    let fail = (): void => undefined;
    shelved.hold = async () =>
      new Promise((_, reject) => {
        fail = () => {
          reject(new Error('gone'));
        };
      });
    kept.keep('tab', work('1'));
    const waits = fail;
    await expect.poll(() => fail).not.toBe(waits);
    if (then === 'keep') {
      kept.keep('tab', work('2'));
    } else {
      kept.forget('tab');
    }
    shelved.hold = async () => Promise.resolve();
    fail();
    const wanted = then === 'keep' ? ['2'] : [];
    await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual(wanted);
    await vi.advanceTimersByTimeAsync(AGAIN_MS);
    await vi.advanceTimersByTimeAsync(AGAIN_MS);
    expect([...drawings.values()].map(stepsOf)).toEqual(wanted.map(each => [each]));
    vi.useRealTimers();
  }
});

it('is kept and forgotten as soon as our half of the server can again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const shelved = shelf();
  const { answers, drawings } = shelved;
  const state = new StateDB();
  const kept = keeping(answers, state);
  let asked = 0;
  shelved.hold = async () => {
    asked += 1;
    return Promise.resolve();
  };
  const refused = async (done: () => void): Promise<void> => {
    const before = asked;
    shelved.hold = async () => {
      asked += 1;
      shelved.down = true;
      return Promise.resolve();
    };
    done();
    await expect.poll(() => asked).toBe(before + 1);
    await vi.advanceTimersByTimeAsync(100);
    shelved.down = false;
    shelved.hold = async () => Promise.resolve();
  };
  await refused(() => {
    kept.keep('tab', work('0'));
  });
  expect(drawings.size).toBe(0);
  await vi.advanceTimersByTimeAsync(AGAIN_MS);
  await expect.poll(() => drawings.size).toBe(1);
  await refused(() => {
    kept.forget('tab');
  });
  expect(drawings.size).toBe(1);
  // Nor does it come back by a reload in the meantime.
  const reloaded = browser(answers, state);
  expect(await reloaded.openUnsaved()).toBeNull();
  await expect.poll(() => drawings.size).toBe(0);
  reloaded.dispose();
  await vi.advanceTimersByTimeAsync(AGAIN_MS);
  expect(drawings.size).toBe(0);
});

it('is one where the answer to what was kept is lost and more is drawn', async () => {
  const shelved = shelf();
  const { answers, drawings } = shelved;
  const kept = keeping(answers);
  for (const first of ['0', '2']) {
    shelved.deaf = true;
    kept.keep('tab', work(first));
    await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual([first]);
    await new Promise(resolve => setTimeout(resolve, 50));
    shelved.deaf = false;
    const next = String(Number(first) + 1);
    kept.keep('tab', work(next));
    await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual([next]);
  }
  expect(drawings.size).toBe(1);
});

it('is opened as what was asked for, where others went on and a tab of its key draws another', async () => {
  const { answers, drawings } = shelf();
  const state = new StateDB();
  const mine = await begun({ answers, drawings }, state);
  const theirs = browser(answers);
  await theirs.openUnsaved();
  draw(theirs, 'theirs');
  await theirs.keepNow();
  await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual(['one', 'theirs']);
  draw(mine, 'mine');
  await mine.keepNow();
  await expect.poll(() => drawings.size).toBe(2);
  const asked = browser(answers, state, { tab: 'fresh', key: 'tab', isAsked: true });
  await asked.openUnsaved();
  expect([...asked.document.steps.keys()]).toEqual(['one', 'theirs']);
  draw(asked, 'more');
  await asked.keepNow();
  await expect.poll(() => stepsOf(drawings.get('tab'))).toEqual(['one', 'theirs', 'more']);
  expect(drawings.size).toBe(2);
  // One that is gone is an error, never an empty drawing.
  const gone = browser(answers, state, { tab: 'other', key: 'gone', isAsked: true });
  await expect(gone.openUnsaved()).rejects.toThrow('The database is stopped.');
  for (const each of [mine, theirs, asked, gone]) {
    each.dispose();
  }
});

it('says once why the server will not keep it, and again when that is another reason', async () => {
  let reason = 'There are 500 drawings that are not saved: no more are kept.';
  const kept = keeping({
    '/base/pm/api/drawings/tab': () => ({
      status: 422,
      body: { ...REFUSAL, error: 'InvalidInput', message: reason }
    })
  });
  const said: string[] = [];
  kept.refused.connect((_, error) => said.push(error.message));
  kept.keep('tab', work('1'));
  kept.keep('tab', work('2'));
  await expect.poll(() => said.length).toBe(1);
  reason = 'The drawing is larger than 32 MB.';
  kept.keep('tab', work('3'));
  await expect.poll(() => said).toEqual([expect.stringContaining('500'), reason]);
});
