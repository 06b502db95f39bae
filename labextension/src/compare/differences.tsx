/** What is recorded of runs, a row for each thing and a column for each run. */

import React from 'react';

import type { ComparedSection, Comparison } from '../api/compare';
import { useHere } from '../screen/here';
import { RunLink, Section } from '../screen/parts';
import { whichOf } from './which';

type Trans = ReturnType<typeof useHere>['trans'];

export const TITLES: Record<ComparedSection['kind'], (trans: Trans) => string> = {
  record: trans => trans.__('Record'),
  parameters: trans => trans.__('Parameters'),
  inputs: trans => trans.__('Inputs'),
  metrics: trans => trans.__('Metrics'),
  outputs: trans => trans.__('Outputs'),
  environment: trans => trans.__('Environment'),
  upstream: trans => trans.__('Parameters of what they were made from')
};

interface IDifferencesProps {
  section: ComparedSection;
  comparison: Comparison;
  all: boolean;
}

export function Differences({
  section,
  comparison,
  all
}: IDifferencesProps): React.JSX.Element | null {
  const { trans } = useHere();
  const rows = all ? section.rows : section.rows.filter(row => row.differs);
  if (section.rows.length === 0) {
    return null;
  }
  const title = TITLES[section.kind](trans);
  return (
    <Section
      title={title}
      extra={
        section.differing === 0
          ? trans.__('all the same')
          : trans._n('%1 difference', '%1 differences', section.differing)
      }
    >
      {rows.length > 0 && (
        <table className="pm-Table pm-Compare-table">
          <caption className="pm-offscreen">{title}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('What')}</th>
              {comparison.runs.map(run => (
                <th key={run.run_id} scope="col">
                  <RunLink run={run.run_id} method={run.method} />
                  <span className="pm-Table-id">{whichOf(run)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={row.name} className={row.differs ? 'pm-mod-differs' : undefined}>
                <th scope="row">
                  {row.differs && (
                    <span className="pm-Compare-mark" title={trans.__('differs')}>
                      ≠<span className="pm-offscreen"> {trans.__('differs')}</span>
                    </span>
                  )}
                  {row.name}
                </th>
                {row.cells.map((cell, place) => (
                  <td
                    key={place}
                    className={row.changed[place] === true ? 'pm-Code pm-Changed' : 'pm-Code'}
                  >
                    {cell === null ? (
                      <span className="pm-Muted">–</span>
                    ) : section.kind === 'inputs' ? (
                      linked(cell)
                    ) : (
                      cell
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Section>
  );
}

/** An input as text, with its runs as links. */
function linked(text: string): React.ReactNode {
  return text
    .split(/(\brun \d{1,15}\b(?= · ))/)
    .map((part, place) =>
      place % 2 === 0 ? part : <RunLink key={place} run={Number(part.slice(4))} />
    );
}

/** "3 parameters, 4 metrics": what differs, in the order of the sections. */
export function Summary({ comparison }: { comparison: Comparison }): React.JSX.Element {
  const { trans } = useHere();
  const found = comparison.sections.filter(section => section.differing > 0);
  return (
    <p className="pm-Compare-summary" role="status">
      {found.length === 0 ? (
        trans.__('Nothing that is recorded of them differs.')
      ) : (
        <>
          {trans.__('Different:')}{' '}
          {found.map((section, place) => (
            <React.Fragment key={section.kind}>
              {place > 0 && ', '}
              <strong>{TITLES[section.kind](trans)}</strong> ({section.differing})
            </React.Fragment>
          ))}
        </>
      )}
    </p>
  );
}
