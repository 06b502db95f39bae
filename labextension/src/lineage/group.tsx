/** Alike runs that are drawn as one: what they have in common, and each of them. */

import React from 'react';

import { MarkLabel, markOf } from '../marks/mark';
import { useHere } from '../screen/here';
import { Action, RunLink, Section } from '../screen/parts';
import { parametersOf } from './fold';
import type { LineageRun } from './graph';
import { changedOf } from './graph';

interface IProps {
  group: readonly LineageRun[];
  onUnfold: () => void;
}

/** Runs that are listed. */
const LISTED = 500;

export function Group({ group, onUnfold }: IProps): React.JSX.Element | null {
  const { marks, trans } = useHere();
  const [run] = group;
  if (run === undefined) {
    return null;
  }
  const known = group.every(each => each.parameters !== undefined);
  const changed = changedOf({ ...run, parameters: parametersOf(group, trans) });
  return (
    <>
      <header className="pm-Head">
        <h2>{trans.__('%1 runs of %2', group.length, `${run.method} v${run.version}`)}</h2>
        <p className="pm-Bar">
          <Action label={trans.__('Unfold these')} onClick={onUnfold} />
        </p>
      </header>
      <Section title={trans.__('Set, changed from the default, or different')}>
        {!known || changed.length === 0 ? (
          <p className="pm-Muted">
            {known ? trans.__('none of the parameters') : trans.__('not read yet')}
          </p>
        ) : (
          <ul className="pm-Lineage-group">
            {changed.map(each => (
              <li key={each} className="pm-Code pm-Changed">
                {each}
              </li>
            ))}
          </ul>
        )}
      </Section>
      <Section title={trans.__('Runs')}>
        <ul className="pm-Lineage-group">
          {group.slice(0, LISTED).map(each => (
            <li key={each.run_id} className="pm-Bar">
              <RunLink run={each.run_id} />
              <MarkLabel mark={markOf(marks.run, each.state)} />
              <span className="pm-Muted">
                {[each.sample ?? '', each.branch].filter(word => word !== '').join(' · ')}
              </span>
            </li>
          ))}
        </ul>
        {group.length > LISTED && trans.__('and %1 more', group.length - LISTED)}
      </Section>
    </>
  );
}
