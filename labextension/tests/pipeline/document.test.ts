import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { readPipeline } from '../../src/pipeline/reading';
import { pipelineText, writePipeline } from '../../src/pipeline/writing';

const trans = nullTranslator.load('');

/** Every form that the server writes. */
const WHOLE = {
  format: 1,
  name: 'cells',
  description: 'From section to figure.',
  steps: {
    'a.b': {
      method: 'segment',
      version: 2,
      title: 'Segmentation',
      params: { 'work.sigma': '1.0', 'work.big': '12345678901234567890' },
      branch_group: 'cutoffs',
      branches: { grid: { 'work.sigma': ['1.0', '2.0'], 'work.minimum': ['30'] } },
      resources: { cpus: 2, memory: '2 GB', directives: { cache: false } },
      inputs: { image: { column: 'image' }, features: { file: '/data/features.txt' } }
    },
    listed: {
      method: 'measure',
      version: 'latest',
      branches: [{ 'work.threshold': '0.5' }, {}],
      inputs: { nuclei: { from: 'a.b.nuclei' }, cutoff: { value: '5' } }
    },
    named: {
      method: 'summary',
      version: 'latest',
      branches: [{ name: 'tight', params: { 'work.threshold': '0.5' } }],
      inputs: {
        tables: {
          from: 'listed.table',
          gather: { over: ['listed', 'sample'], by: ['group'], on_failure: 'go_on' }
        },
        older: { run: 47, output: 'table' }
      }
    }
  },
  layout: {
    steps: { 'a.b': [0, 20], listed: [300, 20] },
    frames: [{ x: 0, y: 0, width: 400, height: 200, id: 'f1', title: 'Gating' }],
    comments: [{ x: 0, y: 300, width: 200, height: 80, id: 'c1', text: 'Why <b>this</b>?' }],
    zoom: 'not ours'
  }
};

describe('a pipeline document', () => {
  it('is written as it was read, whatever it holds', () => {
    const { document, lost, newer } = readPipeline(WHOLE, trans);
    expect(lost).toEqual([]);
    expect(newer).toBe(false);
    expect(writePipeline(document)).toEqual(WHOLE);
  });

  it('keeps what this page does not know', () => {
    const raw = {
      format: 1,
      name: '',
      description: '',
      colour: 'red',
      steps: { one: { method: 'segment', version: 'latest', mood: ['good'] } },
      layout: {}
    };
    expect(writePipeline(readPipeline(raw, trans).document)).toEqual(raw);
  });

  it('of a newer program is shown as far as it is understood, and marked', () => {
    const { document, newer } = readPipeline({ ...WHOLE, format: 2 }, trans);
    expect(newer).toBe(true);
    expect([...document.steps.keys()]).toEqual(['a.b', 'listed', 'named']);
  });

  it('may have steps of any name', () => {
    const text =
      '{"format":1,"steps":{"__proto__":{"method":"segment"},"constructor":{"method":"x"}}}';
    const { document } = readPipeline(JSON.parse(text), trans);
    expect([...document.steps.keys()]).toEqual(['__proto__', 'constructor']);
    expect(document.steps.get('toString')).toBeUndefined();
    const again = readPipeline(JSON.parse(pipelineText(document)), trans).document;
    expect(again.steps.get('__proto__')?.method).toBe('segment');
  });

  it('splits a source at its last dot', () => {
    const { document } = readPipeline(WHOLE, trans);
    expect(document.steps.get('listed')?.inputs.get('nuclei')).toEqual({
      kind: 'step',
      step: 'a.b',
      output: 'nuclei',
      gather: null
    });
  });

  it('says what it had to leave out, and leaves out nothing else', () => {
    const { document, lost } = readPipeline(
      {
        format: 1,
        steps: {
          one: { method: 'segment', params: { 'work.sigma': 1.0, 'work.minimum': '30' } },
          two: { method: 'measure', version: -1, inputs: { nuclei: { from: 'nodot' } } },
          sample: { method: 'measure' }
        }
      },
      trans
    );
    expect([...document.steps.keys()]).toEqual(['one', 'two']);
    expect([...(document.steps.get('one')?.params ?? [])]).toEqual([['work.minimum', '30']]);
    expect(lost).toHaveLength(4);
    expect(lost[0]).toContain('work.sigma');
  });

  it.each([null, 5, 'text', [], { steps: {} }])('is never made up from %j', raw => {
    expect(readPipeline(raw, trans).document.steps.size).toBe(0);
  });

  it('gives the same text for the same pipeline', () => {
    const swapped = JSON.parse(JSON.stringify(WHOLE)) as typeof WHOLE;
    const steps = Object.entries(swapped.steps).reverse();
    const other = readPipeline({ ...swapped, steps: Object.fromEntries(steps) }, trans).document;
    expect(pipelineText(other)).toBe(pipelineText(readPipeline(WHOLE, trans).document));
  });
});
