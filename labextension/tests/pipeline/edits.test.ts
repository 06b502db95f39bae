import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it, vi } from 'vitest';

import { copied, duplicated, pasted } from '../../src/pipeline/clipboard';
import type { IPipeline } from '../../src/pipeline/document';
import { EMPTY_PIPELINE, edgesOf } from '../../src/pipeline/document';
import {
  align,
  arrange,
  boxOf,
  clear,
  freePlace,
  placeMissing,
  putComment,
  putFrame
} from '../../src/pipeline/drawing';
import { newComment, newFrame } from '../../src/pipeline/notes';
import {
  addStep,
  connect,
  freeName,
  removeSteps,
  renameStep,
  setParam
} from '../../src/pipeline/edits';
import { refuse, suggestions } from '../../src/pipeline/links';
import { readPipeline } from '../../src/pipeline/reading';
import { writePipeline } from '../../src/pipeline/writing';
import { catalogue, input } from './catalogue';

const trans = nullTranslator.load('');
const methods = await catalogue();

/** segment -> measure -> summary, as far as they are named. */
function chain(...names: string[]): IPipeline {
  let document = EMPTY_PIPELINE;
  for (const [n, name] of names.entries()) {
    document = addStep(document, { name, method: name }, { x: n * 300, y: 0 });
  }
  if (names.includes('measure')) {
    document = connect(document, link('segment.nuclei', 'measure.nuclei'));
  }
  if (names.includes('summary')) {
    document = connect(
      document,
      link('measure.table', 'summary.tables'),
      input('tables', { gather: true })
    );
  }
  return document;
}

function link(from: string, to: string): Parameters<typeof connect>[1] {
  const [step = '', output = ''] = from.split('.');
  const [target = '', name = ''] = to.split('.');
  return { step, output, target, input: name };
}

describe('an edit', () => {
  it('that changes nothing gives the same snapshot', () => {
    const document = chain('segment', 'measure');
    expect(removeSteps(document, new Set(['nobody']))).toBe(document);
    expect(setParam(document, 'segment', 'work.sigma', null)).toBe(document);
    const set = setParam(document, 'segment', 'work.sigma', '2.0');
    expect(setParam(set, 'segment', 'work.sigma', '2.0')).toBe(set);
    expect(set.steps.get('measure')).toBe(document.steps.get('measure'));
  });

  it('that removes a step removes its links', () => {
    const document = removeSteps(chain('segment', 'measure', 'summary'), new Set(['measure']));
    expect([...document.steps.keys()]).toEqual(['segment', 'summary']);
    expect(edgesOf(document)).toEqual([]);
    expect(document.layout.steps.has('measure')).toBe(false);
  });

  it('that renames a step renames it wherever it is named', () => {
    const document = chain('segment', 'measure', 'summary');
    const draft = renameStep(
      {
        document,
        request: {
          samples: ['s1'],
          branches: { measure: [] },
          until: ['measure'],
          excluded: [{ sample: 's1', measure: 'tight' }],
          rerun: {
            steps: ['measure'],
            parts: [{ step: 'measure', sample: 's1' }, { branch: { measure: 'tight' } }]
          }
        }
      },
      'measure',
      'gauge'
    );
    expect(edgesOf(draft.document).map(edge => `${edge.step}>${edge.target}`)).toEqual([
      'segment>gauge',
      'gauge>summary'
    ]);
    expect(draft.request).toEqual({
      samples: ['s1'],
      branches: { gauge: [] },
      until: ['gauge'],
      excluded: [{ sample: 's1', gauge: 'tight' }],
      rerun: {
        steps: ['gauge'],
        parts: [{ step: 'gauge', sample: 's1' }, { branch: { gauge: 'tight' } }]
      }
    });
    expect(draft.document.layout.steps.get('gauge')).toEqual({ x: 300, y: 0 });
  });

  it('finds a name that is free', () => {
    expect(freeName(new Set(['filter', 'filter_2']), 'filter')).toBe('filter_3');
    expect(freeName(new Set(['filter_2']), 'filter_2')).toBe('filter_3');
    expect(freeName(new Set(), 'filter')).toBe('filter');
  });
});

describe('copies', () => {
  it('are linked among each other and have names of their own', () => {
    const document = chain('segment', 'measure', 'summary');
    const text = copied(document, new Set(['segment', 'measure']));
    const result = pasted(document, text, trans);
    expect(new Set(result?.names)).toEqual(new Set(['segment_2', 'measure_2']));
    const edges = edgesOf(result?.document ?? EMPTY_PIPELINE);
    expect(edges).toContainEqual(link('segment_2.nuclei', 'measure_2.nuclei'));
    expect(edges).toHaveLength(3);
  });

  it('made by duplicating keep what they took from elsewhere', () => {
    const { document } = duplicated(chain('segment', 'measure'), new Set(['measure']));
    expect(edgesOf(document)).toContainEqual(link('segment.nuclei', 'measure_2.nuclei'));
  });

  it('take comments and frames along, beside the originals and under ids of their own', () => {
    // A page that came over plain HTTP from another machine has none.
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const box = { x: 0, y: 0, width: 200, height: 80 };
    const drawn = [
      { ...box, id: 'note', text: 'why' },
      { ...box, id: 'other', text: 'not chosen' }
    ].reduce(putComment, putFrame(chain('segment'), { ...box, id: 'frame', title: 'first' }));
    const notes = new Set(['note', 'frame']);
    const text = copied(drawn, new Set(['segment']), notes);
    for (const result of [
      pasted(drawn, text, trans),
      duplicated(drawn, new Set(['segment']), notes)
    ]) {
      const { frames, comments } = result?.document.layout ?? EMPTY_PIPELINE.layout;
      expect(result?.names).toEqual(['segment_2']);
      expect(frames.map(each => each.title)).toEqual(['first', 'first']);
      expect(comments.map(each => each.text)).toEqual(['why', 'not chosen', 'why']);
      expect(result?.notes).toEqual([frames[1]?.id, comments[2]?.id]);
      expect(new Set([...frames, ...comments].map(each => each.id)).size).toBe(5);
      expect(comments[2]?.x).toBeGreaterThan(0);
    }
    // A comment alone is something to paste as well.
    const alone = pasted(EMPTY_PIPELINE, copied(drawn, new Set(), new Set(['note'])), trans);
    expect(alone?.document.layout.comments).toHaveLength(1);
    expect(newComment({ x: 0, y: 0 }).id).not.toBe(newFrame([], { x: 0, y: 0 }, trans).id);
    vi.unstubAllGlobals();
  });

  it.each(['', 'some text', '{"cells": []}', '[1]'])('are not made of %j', text => {
    expect(pasted(EMPTY_PIPELINE, text, trans)).toBeNull();
  });
});

describe('a link', () => {
  const document = addStep(
    chain('segment', 'measure', 'summary'),
    { name: 'gate', method: 'gate' },
    { x: 0, y: 0 }
  );

  it.each([
    ['measure.table', 'measure.labels', 'cannot feed itself'],
    ['summary.figure', 'measure.labels', 'cycle'],
    ['segment.nuclei', 'measure.labels', 'takes image'],
    ['segment.labels', 'measure.nuclei', 'takes table'],
    ['segment.nuclei', 'summary.tables', 'module'],
    ['measure.table', 'summary.tables', 'connected already'],
    ['segment.nuclei', 'gate.cutoff', 'takes a value'],
    ['segment.nothing', 'measure.nuclei', 'no output'],
    ['segment.nuclei', 'measure.nothing', 'no input'],
    ['nobody.nuclei', 'measure.nuclei', 'no such step']
  ])('from %s to %s is refused: %s', (from, to, reason) => {
    expect(refuse(document, methods, link(from, to), trans)).toContain(reason);
  });

  it('to an input that has data already is refused, whatever the data is', () => {
    const twice = addStep(document, { name: 'other', method: 'segment' }, { x: 0, y: 0 });
    const reason = refuse(twice, methods, link('other.nuclei', 'measure.nuclei'), trans);
    expect(reason).toContain('fed by "segment" already');
  });

  it('that can be is not refused', () => {
    expect(refuse(document, methods, link('segment.labels', 'measure.labels'), trans)).toBeNull();
  });

  it('to an input that expects a list gathers over the samples', () => {
    expect(document.steps.get('summary')?.inputs.get('tables')).toMatchObject({
      gather: { over: ['sample'] }
    });
  });

  it('is suggested to ports that are free and to methods that could be added', () => {
    const port = { step: 'segment', side: 'out', name: 'labels' } as const;
    const found = suggestions(document, methods, port, trans);
    expect(found.flatMap(each => each.port ?? [])).toEqual([
      { step: 'measure', side: 'in', name: 'labels' }
    ]);
    expect(found.flatMap(each => each.version?.method ?? [])).toEqual(['segment', 'measure']);
    const back = suggestions(
      document,
      methods,
      { step: 'measure', side: 'in', name: 'labels' },
      trans
    );
    expect(back.flatMap(each => each.port?.step ?? [])).toEqual(['segment']);
    expect(back.flatMap(each => each.version?.method ?? [])).toContain('segment');
  });
});

describe('the drawing', () => {
  it('gives every step a place that has none, and moves no other', () => {
    const raw = {
      format: 1,
      steps: {
        segment: { method: 'segment' },
        measure: { method: 'measure', inputs: { nuclei: { from: 'segment.nuclei' } } },
        kept: { method: 'gate' }
      },
      layout: { steps: { kept: [1000, 40] } }
    };
    const document = placeMissing(readPipeline(raw, trans).document, methods);
    expect(document.layout.steps.get('kept')).toEqual({ x: 1000, y: 40 });
    const at = (name: string): number => document.layout.steps.get(name)?.x ?? NaN;
    expect(at('measure')).toBeGreaterThan(at('segment'));
  });

  it.each([3, 400])('arranges %i steps from left to right, none over another', count => {
    let document = EMPTY_PIPELINE;
    for (let n = 0; n < count; n++) {
      document = addStep(document, { name: `s${n}`, method: 'segment' }, { x: 0, y: 0 });
      document = addStep(document, { name: `m${n}`, method: 'measure' }, { x: 0, y: 0 });
      document = connect(document, link(`s${n}.nuclei`, `m${n}.nuclei`));
    }
    document = arrange(document, methods, new Set());
    const boxes = [...document.steps.keys()].flatMap(name => boxOf(document, methods, name) ?? []);
    for (const edge of edgesOf(document)) {
      const from = boxOf(document, methods, edge.step);
      const to = boxOf(document, methods, edge.target);
      expect((from?.x ?? 0) + (from?.width ?? 0)).toBeLessThan(to?.x ?? 0);
    }
    const overlapping = boxes.filter((a, n) =>
      boxes
        .slice(n + 1)
        .some(
          b =>
            a.x < b.x + b.width &&
            b.x < a.x + a.width &&
            a.y < b.y + b.height &&
            b.y < a.y + a.height
        )
    );
    expect(overlapping).toEqual([]);
  });

  it('aligns and distributes', () => {
    const document = chain('segment', 'measure', 'summary');
    const all = new Set(document.steps.keys());
    const left = align(document, methods, all, 'left');
    expect([...left.layout.steps.values()].map(at => at.x)).toEqual([0, 0, 0]);
    const spread = align(left, methods, all, 'rows');
    const heights = [...spread.layout.steps.values()].map(at => at.y);
    expect(new Set(heights).size).toBe(3);
  });

  it('puts a new step where no other is', () => {
    const document = chain('segment', 'measure');
    const at = freePlace(document, methods, new Set(['segment']));
    expect(at.x).toBe(340);
    expect(at.y).toBeGreaterThan(100);
    expect(clear([], { x: 5, y: 5 })).toEqual({ x: 5, y: 5 });
  });

  it('does not reach the meaning', () => {
    const document = chain('segment', 'measure');
    const moved = arrange(document, methods, new Set());
    expect(moved.steps).toBe(document.steps);
    expect(writePipeline(moved)).toHaveProperty('layout.steps');
  });
});
