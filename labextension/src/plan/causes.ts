/** Which run kept another from running. */

import React from 'react';

import type { PlannedRun } from '../api/plans';
import { useHere } from '../screen/here';
import { causesOf } from './rows';

/** For each row: the sentence about the run that kept it from running; empty where none did. */
export function useCauses(rows: readonly PlannedRun[]): (row: PlannedRun) => string {
  const { trans } = useHere();
  const causes = React.useMemo(() => causesOf(rows), [rows]);
  return row => {
    const run = causes.get(row.planned_id);
    return run === undefined ? '' : trans.__('run %1 did not complete', run);
  };
}
