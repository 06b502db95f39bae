/** What a plan runs step by step; what of it runs again, and what is left out. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { PreviewWithTree } from '../api/preview';
import type { IPlanRequest } from '../pipeline/document';
import type { Again } from './request';
import {
  partText,
  pointText,
  withAgain,
  withAllAgain,
  withSkipped,
  withStepAgain
} from './request';
import { durationText } from './words';

interface IPartProps {
  request: IPlanRequest;
  change: (request: IPlanRequest) => void;
  trans: TranslationBundle;
}

export function Steps(props: IPartProps & { preview: PreviewWithTree }): React.JSX.Element {
  const { preview, request, change, trans } = props;
  const all = request.rerun?.all === true;
  return (
    <section>
      <h2>{trans.__('Steps')}</h2>
      <div className="pm-Scroll">
        <table className="pm-Table">
          <caption className="pm-offscreen">{trans.__('Steps of the plan')}</caption>
          <thead>
            <tr>
              <th scope="col">{trans.__('Step')}</th>
              <th scope="col">{trans.__('Method')}</th>
              <th scope="col">{trans.__('Differs by')}</th>
              <th scope="col" className="pm-Table-number">
                {trans.__('New')}
              </th>
              <th scope="col" className="pm-Table-number">
                {trans.__('Reused')}
              </th>
              <th scope="col" className="pm-Table-number">
                {trans.__('Time of one')}
              </th>
              <th scope="col">{trans.__('Run again')}</th>
            </tr>
          </thead>
          <tbody>
            {preview.steps.map(step => (
              <tr key={step.step}>
                <th scope="row">{step.step}</th>
                <td>
                  {step.method} {step.version === null ? '' : `v${step.version}`}
                </td>
                <td>{differsBy(step.dimensions, preview).join(', ')}</td>
                <td className="pm-Table-number">{step.counts.run}</td>
                <td className="pm-Table-number">{step.counts.reuse}</td>
                <td className="pm-Table-number">
                  {typeof step.seconds === 'number' ? durationText(step.seconds, trans) : ''}
                  {step.seconds_from === 'document' && (
                    <div className="pm-Muted">{trans.__('from its workflow document')}</div>
                  )}
                </td>
                <td>
                  <input
                    type="checkbox"
                    aria-label={trans.__('Run all of %1 again', step.step)}
                    checked={all || request.rerun?.steps?.includes(step.step) === true}
                    disabled={all}
                    onChange={event => {
                      change(withStepAgain(request, step.step, event.target.checked));
                    }}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <label>
        <input
          type="checkbox"
          checked={all}
          onChange={event => {
            change(withAllAgain(request, event.target.checked));
          }}
        />
        {trans.__('Run everything again, reuse nothing')}
      </label>
    </section>
  );
}

/** What the runs of a step differ by; a step of one branch makes no difference. */
function differsBy(dimensions: readonly string[], preview: PreviewWithTree): readonly string[] {
  const single = preview.branches.filter(each => each.branches < 2).map(each => each.axis);
  const steps = new Set(preview.steps.map(each => each.step));
  const branching = new Set(preview.branches.map(each => each.axis));
  return dimensions.filter(
    each => !single.includes(each) && (branching.has(each) || !steps.has(each))
  );
}

/** What was asked for again in the tree, also where the tree has no row for it any more. */
export function AskedAgain({ request, change, trans }: IPartProps): React.JSX.Element | null {
  const { parts = [], keys = [] } = request.rerun ?? {};
  const rows: { text: string; what: Again }[] = parts.map(part => ({
    text: partText(part, trans),
    what: part
  }));
  if (keys.length > 0) {
    rows.push({ text: trans._n('%1 single run', '%1 single runs', keys.length), what: keys });
  }
  return rows.length === 0 ? null : (
    <section>
      <h2>{trans.__('Run again')}</h2>
      <ul className="pm-List" aria-label={trans.__('Run again')}>
        {rows.map(({ text, what }) => (
          <li key={text}>
            {text}{' '}
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Reuse again: %1', text)}
              onClick={() => {
                change(withAgain(request, what, false));
              }}
            >
              {trans.__('Reuse')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Skipped({ request, change, trans }: IPartProps): React.JSX.Element | null {
  const excluded = request.excluded ?? [];
  return excluded.length === 0 ? null : (
    <section>
      <h2>{trans.__('Skipped')}</h2>
      <ul className="pm-List" aria-label={trans.__('Skipped')}>
        {excluded.map((point, place) => (
          <li key={place}>
            {pointText(point)}{' '}
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Take in again: %1', pointText(point))}
              onClick={() => {
                change(withSkipped(request, point, false));
              }}
            >
              {trans.__('Take in again')}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
