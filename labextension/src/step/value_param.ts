/** An input that takes a value, as a field knows it. */

import type { IAccepts, IInput, IParam } from '../api/methods';

const SCALARS: Partial<Record<string, IAccepts['kind']>> = {
  int: 'int',
  float: 'float',
  bool: 'bool',
  str: 'str'
};

/** An input that takes a value, as a field knows it. */
export function valueParam(input: IInput): IParam {
  const kind =
    input.type === 'list' ? 'any' : (SCALARS[input.value_type ?? ''] ?? ('any' as const));
  const accepts: IAccepts = {
    kind,
    said: input.value_type ?? input.type,
    optional: false,
    soft: false,
    choices: [],
    items: []
  };
  return {
    name: input.name,
    kind: 'input',
    type: input.value_type ?? '',
    default: null,
    default_source: '',
    call_site: null,
    computed: false,
    doc: '',
    option: '',
    required: input.required,
    expected: null,
    accepts
  };
}
