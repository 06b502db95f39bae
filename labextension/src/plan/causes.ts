/** Which run kept another from running, and what is to run once more. */

import React from 'react';

import type { PlannedRun } from '../api/plans';
import { useHere } from '../screen/here';
import { causesOf } from './rows';

/** For each row: who wants it again, or which run kept it from running; empty where neither is. */
export function useCauses(rows: readonly PlannedRun[]): (row: PlannedRun) => string {
  const { trans } = useHere();
  const causes = React.useMemo(() => causesOf(rows), [rows]);
  return row => {
    if (row.again_by !== null) {
      return trans.__('is to run again (%1)', row.again_by);
    }
    const run = causes.get(row.planned_id);
    return run === undefined ? '' : trans.__('run %1 did not complete', run);
  };
}
