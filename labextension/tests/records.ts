/** Records as the server sends them. */

import type { PlannedRun } from '../src/api/plans';
import type { LineageRun, Run } from '../src/api/runs';

export function run(run_id: number, changes: Partial<Run> = {}): Run {
  return {
    run_id,
    uuid: `cc2f5f1b-151f-4359-b318-${String(run_id).padStart(12, '0')}`,
    status: 'completed',
    state: 'completed',
    said: 'completed',
    method: 'scale',
    module: 'testing',
    version: 1,
    version_id: 1,
    commit: '593c864b3041c55735f324941f71b0025bb8bf64',
    tag: 'scale/v1',
    sample: 's1',
    plan_id: 12,
    step: 'scale',
    branch: '',
    attempt: 1,
    started_at: '2026-02-14T10:23:00+00:00',
    finished_at: '2026-02-14T10:24:00+00:00',
    heartbeat_at: null,
    error: null,
    notices: [],
    created_by: 'me',
    host: 'here',
    ...changes
  };
}

export function lineageRun(run_id: number, layer: number): LineageRun {
  return { ...run(run_id), layer };
}

export function plannedRun(planned_id: number, changes: Partial<PlannedRun> = {}): PlannedRun {
  return {
    planned_id,
    key: `k${planned_id}`,
    step: 'scale',
    sample: 's1',
    branch: '',
    decision: 'run',
    reason: '',
    state: 'waiting',
    run_id: null,
    method: 'scale',
    version: 1,
    set_params: {},
    error: null,
    parents: [],
    again_by: null,
    started_at: null,
    finished_at: null,
    ...changes
  };
}
