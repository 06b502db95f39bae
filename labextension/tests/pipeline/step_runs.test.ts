import { describe, expect, it } from 'vitest';

import { Api } from '../../src/api/api';
import type { PlannedRun } from '../../src/api/plans';
import { runsOf } from '../../src/pipeline/step_runs';
import { plannedRun } from '../records';
import { server } from '../server';

/** A server with these planned runs of plan 12, and the states that it was asked for. */
function planOf(rows: readonly PlannedRun[]): { api: Api; asked: string[] } {
  const asked: string[] = [];
  const { settings, requests } = server({
    '/base/pm/api/plans/12/runs': () => {
      const query = new URL(requests[requests.length - 1]?.url ?? '').searchParams;
      const states = query.getAll('state').flatMap(each => each.split(','));
      asked.push(states.join());
      const fitting = rows.filter(row => states.length === 0 || states.includes(row.state));
      const planned_runs = fitting.slice(0, Number(query.get('limit')));
      return { body: { planned_runs, total: fitting.length, first: 0 } };
    }
  });
  return { api: new Api(settings), asked };
}

function many(count: number, state: PlannedRun['state'], from: number): PlannedRun[] {
  return Array.from({ length: count }, (_, n) => plannedRun(from + n, { state }));
}

describe('the runs of a step', () => {
  it('are asked for once where all are listed, what failed first', async () => {
    const { api, asked } = planOf([...many(3, 'completed', 1), ...many(1, 'failed', 4)]);
    const { rows, total } = await runsOf(api, 12, 'scale');
    expect(rows.map(row => row.state)).toEqual(['failed', 'completed', 'completed', 'completed']);
    expect([total, asked]).toEqual([4, ['']]);
  });

  it('of which there are many begin with what failed, wherever it stands in the plan', async () => {
    const rows = [
      ...many(300, 'completed', 1),
      ...many(300, 'blocked', 301),
      ...many(2, 'failed', 601)
    ];
    const { api, asked } = planOf(rows);
    const found = await runsOf(api, 12, 'scale');
    expect([found.rows.length, found.total]).toEqual([200, 602]);
    expect(found.rows.slice(0, 3).map(row => row.state)).toEqual(['failed', 'failed', 'blocked']);
    expect(asked).toEqual(['', 'failed,running,blocked,cancelled', 'failed']);
  });
});
