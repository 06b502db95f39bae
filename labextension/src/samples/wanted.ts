/** Which inputs a column of the sample sheet could feed. */

import type { IPipelineModel } from '../tokens';

/** Names of inputs that nothing feeds: a column of that name would. */
export function unfed(model: IPipelineModel): readonly string[] {
  const names = new Set<string>();
  for (const step of model.document.steps.values()) {
    const version = model.catalogue.resolve(step.method, step.version);
    for (const input of version?.declaration.inputs ?? []) {
      if (input.required && !step.inputs.has(input.name)) {
        names.add(input.name);
      }
    }
    for (const binding of step.inputs.values()) {
      if (binding.kind === 'column') {
        names.add(binding.column);
      }
    }
  }
  return [...names];
}
