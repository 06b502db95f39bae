import { afterEach, describe, expect, it } from 'vitest';

import { CommandIDs } from '../../src/commands';
import { PLAN as LISTED } from '../server';
import type { IBench } from './bench';
import { bench } from './bench';

const PREVIEW = {
  counts: { total: 1, run: 1, reuse: 0, blocked: 0 },
  final_results: 1,
  samples: 0,
  paths: 1,
  branches: [],
  problems: [],
  steps: [],
  tree: null
};
const PLAN = {
  ...LISTED,
  plan_id: 12,
  name: 'renamed in its preview',
  status: 'running',
  request: {},
  document: { format: 1, name: 'cells', steps: { one: { method: 'segment', version: 2 } } },
  steps: [{ step: 'one', method: 'segment', version: 2, counts: { running: 1 } }]
};
const ANSWERS = {
  '/base/pm/api/preview': { body: PREVIEW },
  '/base/pm/api/plans': { body: { plans: [] } },
  '/base/pm/api/plans/12': { body: PLAN },
  '/base/pm/api/plans/12/status': { body: PLAN }
};

let at: IBench;
afterEach(() => {
  at.dispose();
});

describe('a plan that is shown on the canvas', () => {
  it('is looked at with its states, and asks nobody to save it', async () => {
    at = bench(ANSWERS);
    await at.commands.execute(CommandIDs.openPipeline, { viewing: 12 });
    const [tab] = at.open;
    expect(tab?.model?.viewing?.plan.plan_id).toBe(12);
    expect(tab?.model?.states.get('one')?.counts).toEqual({ running: 1 });
    expect(tab?.model?.dirty).toBe(false);
    await at.commands.execute(CommandIDs.openPipeline, { viewing: 12 });
    expect(at.open).toHaveLength(1);
    // What is drawn from it is a draft of its own.
    await at.commands.execute(CommandIDs.openPipeline, { plan: 12 });
    expect(at.open).toHaveLength(2);
    expect(at.open[1]?.model?.viewing).toBeNull();
  });

  it('is shown where it was submitted from, also after one went back to the draft', async () => {
    at = bench(ANSWERS);
    await at.commands.execute(CommandIDs.newPipeline);
    const model = at.open[0]?.model;
    await model?.view(12);
    await model?.view(null);
    await at.commands.execute(CommandIDs.openPipeline, { viewing: 12 });
    expect(at.open).toHaveLength(1);
    expect(model?.viewing?.plan.plan_id).toBe(12);
    expect(at.open[0]?.args).toMatchObject({ seen: [12], viewing: 12 });
  });
});
