/** What the server says of a step, and of which of its parameters and inputs it says it. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IProblem } from '../api/errors';

interface IProps {
  problems: readonly IProblem[];
  trans: TranslationBundle;
}

export function StepProblems({ problems, trans }: IProps): React.JSX.Element | null {
  return problems.length === 0 ? null : (
    <ul className="pm-ProblemList" aria-label={trans.__('Problems of this step')}>
      {problems.map((problem, place) => (
        <li key={place} data-pm-severity={problem.severity}>
          {problem.message}
        </li>
      ))}
    </ul>
  );
}

/** Problems that name a parameter, by it: the server writes its name in the sentence. */
export function byPlace(
  problems: readonly IProblem[],
  names: readonly string[]
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { message } of problems) {
    const name = names.find(each =>
      new RegExp(`(^|[^\\w.])${escaped(each)}($|[^\\w.])`).test(message)
    );
    if (name !== undefined) {
      found.set(name, [...(found.get(name) ?? []), message]);
    }
  }
  return found;
}

/** Problems of links, by input: their place is `step.input`. */
export function byInput(
  problems: readonly IProblem[],
  step: string
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const { edge, message } of problems) {
    if (edge?.startsWith(`${step}.`) === true) {
      const input = edge.slice(step.length + 1);
      found.set(input, [...(found.get(input) ?? []), message]);
    }
  }
  return found;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
