/** What a version is: its description, its commit, its code. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IVersion } from '../api/methods';
import type { MethodSource } from '../api/versions';
import { readSource } from '../api/versions';
import { explained } from '../explain/explanation';
import { Ago } from '../screen/ago';
import type { IApi } from '../tokens';

interface IProps {
  api: IApi;
  version: IVersion | undefined;
  description: string;
  trans: TranslationBundle;
}

export function Documentation({ api, version, description, trans }: IProps): React.JSX.Element {
  const [source, setSource] = React.useState<{ of: number; read: MethodSource } | null>(null);
  const [fault, setFault] = React.useState<string | null>(null);
  if (version === undefined) {
    return <p className="pm-Hint">{trans.__('Nothing is known of this version here.')}</p>;
  }
  const read = (): void => {
    readSource(api, version.method, version.version).then(
      found => {
        setSource({ of: version.version_id, read: found });
        setFault(null);
      },
      (error: unknown) => {
        setFault(explained(error, trans).title);
      }
    );
  };
  return (
    <div className="pm-Documentation">
      <p>{description}</p>
      <dl className="pm-Values">
        <dt>{trans.__('version')}</dt>
        <dd>
          v{version.version}, <Ago time={version.created_at} />
          {version.created_by === '' ? '' : trans.__(', by %1', version.created_by)}
        </dd>
        {version.description !== '' && (
          <>
            <dt>{trans.__('new in it')}</dt>
            <dd>{version.description}</dd>
          </>
        )}
        <dt>{trans.__('commit')}</dt>
        <dd>
          <code>{version.commit.slice(0, 10)}</code>
        </dd>
        {version.declaration.outputs.map(output => (
          <React.Fragment key={output.name}>
            <dt>{trans.__('makes %1', output.name)}</dt>
            <dd>
              {output.type}, <code>{output.path}</code>
            </dd>
          </React.Fragment>
        ))}
      </dl>
      {source?.of === version.version_id ? (
        source.read.files.map(file => (
          <details key={file.path} open={file.path === 'run.py'}>
            <summary>{file.path}</summary>
            <pre className="pm-Source" tabIndex={0}>
              {file.text ?? trans.__('%1 bytes that are no text', file.size)}
            </pre>
          </details>
        ))
      ) : (
        <button type="button" className="jp-mod-styled" onClick={read}>
          {trans.__('Show the code')}
        </button>
      )}
      {fault !== null && (
        <p className="pm-Fault" role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
