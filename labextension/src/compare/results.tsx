/** Pictures and tables of the same name beside each other. */

import React from 'react';

import type { Comparison } from '../api/compare';
import type { Output } from '../api/files';
import { listOutputs } from '../api/files';
import { ordered, shapeOf } from '../runs/kinds';
import { Preview } from '../runs/previews';
import { useAsked } from '../screen/asked';
import { useHere } from '../screen/here';
import { RunLink, Section, Shown } from '../screen/parts';
import { whichOf } from './which';

export function Results({ runs }: { runs: Comparison['runs'] }): React.JSX.Element {
  const { api, trans } = useHere();
  // Another only where a run is another or has ended meanwhile, not with each comparison.
  const known = JSON.stringify(runs.map(({ run_id: run, state }) => [run, state]));
  const asked = useAsked(
    React.useCallback(() => {
      const pairs = JSON.parse(known) as [number, string][];
      return Promise.all(pairs.map(([run]) => listOutputs(api, run)));
    }, [api, known])
  );
  return (
    <Section title={trans.__('Results')}>
      <Shown asked={asked} loading={trans.__('Loading outputs…')}>
        {results => {
          const shown = results.flatMap(({ outputs }) => outputs.filter(visual));
          const names = [...new Set(ordered(shown).map(output => output.name))];
          return names.length === 0 ? (
            <p className="pm-Muted">{trans.__('They have no pictures and no tables.')}</p>
          ) : (
            names.map(name => (
              <div key={name} role="group" aria-label={name}>
                <h4>
                  {name}
                  {same(results.map(({ outputs }) => outputs.find(o => o.name === name))) && (
                    <span className="pm-Muted"> · {trans.__('the same bytes in all')}</span>
                  )}
                </h4>
                <div className="pm-Compare-side">
                  {results.map(({ run_id: run, outputs, directory }, place) => {
                    const output = outputs.find(each => each.name === name);
                    return (
                      <figure key={run}>
                        <figcaption>
                          <RunLink run={run} />{' '}
                          <span className="pm-Muted">{whichOf(runs[place])}</span>
                        </figcaption>
                        {output === undefined || directory === null ? (
                          <p className="pm-Muted">{trans.__('not there')}</p>
                        ) : (
                          <Preview
                            run={run}
                            path={output.base}
                            size={output.size_bytes}
                            label={trans.__('%1 of run %2', name, run)}
                            shape={shapeOf(output)}
                          />
                        )}
                      </figure>
                    );
                  })}
                </div>
              </div>
            ))
          );
        }}
      </Shown>
    </Section>
  );
}

function visual(output: Output): boolean {
  const shape = shapeOf(output);
  return shape === 'image' || shape === 'drawn' || shape === 'table';
}

/** Whether all have it, with the same content. */
function same(outputs: readonly (Output | undefined)[]): boolean {
  const sums = new Set(outputs.map(output => output?.checksum ?? null));
  return sums.size === 1 && !sums.has(null);
}
