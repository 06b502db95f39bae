/** Which version of the method a step uses, and whether there is a newer one. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IVersionEntry } from '../api/methods';
import { listVersions } from '../api/versions';
import { explained } from '../explain/explanation';
import type { IStep, VersionSelector } from '../pipeline/document';
import type { IApi } from '../tokens';

interface IProps {
  api: IApi;
  step: IStep;
  /** The number of the latest version; null, the method is not registered. */
  latest: number | null;
  onChange: (version: VersionSelector) => void;
  trans: TranslationBundle;
}

export function VersionField({ api, step, latest, onChange, trans }: IProps): React.JSX.Element {
  const id = React.useId();
  const [entries, setEntries] = React.useState<readonly IVersionEntry[]>([]);
  const [fault, setFault] = React.useState<string | null>(null);
  const { method, version } = step;
  React.useEffect(() => {
    let gone = false;
    if (latest !== null) {
      listVersions(api, method).then(
        found => {
          if (!gone) {
            setEntries(found);
            setFault(null);
          }
        },
        (error: unknown) => {
          if (!gone) {
            setFault(explained(error, trans).title);
          }
        }
      );
    }
    return () => {
      gone = true;
    };
  }, [api, method, latest, trans]);
  const numbers = new Set(entries.map(entry => entry.version));
  return (
    <div className="pm-Entry">
      <label htmlFor={id}>{trans.__('Version')}</label>
      <select
        id={id}
        className="jp-mod-styled"
        value={String(version)}
        onChange={event => {
          onChange(event.target.value === 'latest' ? 'latest' : Number(event.target.value));
        }}
      >
        <option value="latest">
          {latest === null ? trans.__('latest') : trans.__('latest (v%1)', latest)}
        </option>
        {version !== 'latest' && !numbers.has(version) && (
          <option value={version}>{`v${version}`}</option>
        )}
        {[...entries].reverse().map(entry => (
          <option key={entry.version} value={entry.version}>
            {entry.description === ''
              ? `v${entry.version}`
              : `v${entry.version} · ${entry.description}`}
          </option>
        ))}
      </select>
      {version !== 'latest' && latest !== null && version < latest && (
        <button
          type="button"
          className="pm-TextButton"
          onClick={() => {
            onChange(latest);
          }}
        >
          {trans.__('v%1 available: use it', latest)}
        </button>
      )}
      {fault !== null && (
        <span className="pm-Fault" role="status">
          {fault}
        </span>
      )}
    </div>
  );
}
