/** A small catalogue of methods, as the server would list them. */

import { Api } from '../../src/api/api';
import type { IInput, IMethod, IOutput, IParam, IVersion } from '../../src/api/methods';
import { Catalogue } from '../../src/pipeline/catalogue';
import { server } from '../server';

export function input(name: string, changes: Partial<IInput> = {}): IInput {
  return {
    name,
    type: 'upstream',
    module: null,
    value_type: null,
    gather: false,
    required: true,
    description: '',
    ...changes
  };
}

export function output(name: string, type: IOutput['type'] = 'table'): IOutput {
  return { name, path: `${name}.dat`, type, required: true };
}

export function param(name: string, expected: string | null): IParam {
  return {
    name,
    kind: 'keyword',
    type: 'float',
    default: expected,
    default_source: expected ?? '',
    call_site: null,
    computed: expected === null,
    doc: '',
    option: '',
    required: false,
    expected,
    accepts: {
      kind: 'float',
      said: 'a number',
      optional: false,
      soft: false,
      choices: [],
      items: []
    }
  };
}

export function version(
  method: string,
  changes: {
    module?: string;
    version?: number;
    inputs?: IInput[];
    outputs?: IOutput[];
    params?: IParam[];
  } = {}
): IVersion {
  const module = changes.module ?? 'cells';
  return {
    method,
    module,
    version: changes.version ?? 1,
    version_id: 1,
    description: '',
    commit: 'abc',
    tag: `${method}/v1`,
    pixi_lock_hash: null,
    content_hash: 'abc',
    created_at: '2026-02-14T10:23:00+00:00',
    created_by: 'me',
    declaration: {
      name: method,
      module,
      description: '',
      entry: 'function',
      environment: null,
      inputs: changes.inputs ?? [],
      outputs: changes.outputs ?? [],
      tracked:
        changes.params === undefined
          ? []
          : [
              {
                function: 'work',
                qualname: 'work',
                file: 'helper.py',
                ordinal: 0,
                selected: null,
                params: changes.params
              }
            ]
    }
  };
}

export const VERSIONS = [
  version('segment', {
    module: 'segmentation',
    version: 2,
    inputs: [input('image', { type: 'file' })],
    outputs: [output('nuclei'), output('labels', 'image')],
    params: [param('sigma', '1.0'), param('minimum', '30')]
  }),
  version('measure', {
    inputs: [
      input('nuclei', { value_type: 'table' }),
      input('labels', { value_type: 'image', required: false })
    ],
    outputs: [output('table')],
    params: [param('threshold', '0.5')]
  }),
  version('summary', {
    inputs: [input('tables', { gather: true, value_type: 'table', module: 'cells' })],
    outputs: [output('figure', 'image')]
  }),
  version('gate', { inputs: [input('cutoff', { type: 'value', value_type: 'float' })] })
];

export const METHODS: IMethod[] = VERSIONS.map(latest => ({
  method: latest.method,
  module: latest.module,
  description: '',
  version_count: latest.version,
  latest
}));

/** The catalogue of these methods, as it is when the server has answered. */
export async function catalogue(): Promise<Catalogue> {
  const { settings } = server({ '/base/pm/api/methods': { body: { methods: METHODS } } });
  const made = new Catalogue(new Api(settings));
  await made.refresh();
  return made;
}
