/** The code that a run executed: the files of its version, as they were committed. */

import { Dialog, ReactWidget, showDialog } from '@jupyterlab/apputils';
import React from 'react';

import { getSource } from '../api/sources';
import type { Run } from '../api/runs';
import { useAsked } from '../screen/asked';
import type { IHere } from '../screen/here';
import { HereContext, useHere } from '../screen/here';
import { Shown } from '../screen/parts';
import { bytes } from '../screen/words';

type Coded = Pick<Run, 'method' | 'version' | 'commit' | 'tag'>;

/** "4f3a9c1 · label_positive/v2", opening the code at that commit. */
export function CodeLink({ run }: { run: Coded }): React.JSX.Element {
  const here = useHere();
  return (
    <>
      <button
        type="button"
        className="pm-Button"
        aria-label={here.trans.__('Show the code of %1 v%2', run.method, run.version)}
        onClick={() => {
          void showCode(run, here);
        }}
      >
        {here.trans.__('Show code')}
      </button>{' '}
      <code title={run.commit}>{run.commit.slice(0, 10)}</code> · {run.tag}
    </>
  );
}

async function showCode(run: Coded, here: IHere): Promise<void> {
  const { trans } = here;
  const body = ReactWidget.create(
    <HereContext.Provider value={here}>
      <Code run={run} />
    </HereContext.Provider>
  );
  body.addClass('pm-Screen');
  body.addClass('pm-CodeDialog');
  await showDialog({
    title: trans.__('%1 v%2 at %3', run.method, run.version, run.commit.slice(0, 10)),
    body,
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  });
}

function Code({ run }: { run: Coded }): React.JSX.Element {
  const { api, trans } = useHere();
  const source = useAsked(
    React.useCallback(() => getSource(api, run.method, run.version), [api, run])
  );
  return (
    <Shown asked={source} loading={trans.__('Reading the code…')}>
      {({ files }) => (
        <>
          {files.map(file => (
            <details key={file.path} open={file.path.endsWith('.py')}>
              <summary>
                <code>{file.path}</code> <span className="pm-Muted">{bytes(file.size)}</span>
              </summary>
              <pre className="pm-Text" tabIndex={0} aria-label={file.path}>
                {file.text ?? trans.__('This file is no text.')}
              </pre>
            </details>
          ))}
        </>
      )}
    </Shown>
  );
}
