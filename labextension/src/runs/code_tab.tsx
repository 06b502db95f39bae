/** The code of a version as it was committed: its files, and the chosen one in colours. */

import { Clipboard } from '@jupyterlab/apputils';
import type { IEditorServices } from '@jupyterlab/codeeditor';
import { CodeEditor } from '@jupyterlab/codeeditor';
import React from 'react';

import type { MethodSource } from '../api/versions';
import { readSource } from '../api/versions';
import { useAsked } from '../screen/asked';
import { useHere } from '../screen/here';
import type { Screen } from '../screen/panel';
import { Action, Shown } from '../screen/parts';
import { bytes } from '../screen/words';

export interface ICodeArgs {
  method: string;
  version: number;
  [name: string]: string | number;
}

type File = MethodSource['files'][number];

/** The screen, with the editor of JupyterLab where there is one. */
export function codeScreen(editors: IEditorServices | null): Screen<ICodeArgs> {
  return function CodeTab({ args }: { args: ICodeArgs }): React.JSX.Element {
    const here = useHere();
    const { trans } = here;
    const { method, version } = args;
    const source = useAsked(
      React.useCallback(async () => {
        await here.ready();
        return await readSource(here.api, method, version);
      }, [here, method, version])
    );
    return (
      <Shown asked={source} loading={trans.__('Reading the code…')}>
        {found => <Code source={found} editors={editors} />}
      </Shown>
    );
  };
}

interface ICodeProps {
  source: MethodSource;
  editors: IEditorServices | null;
}

function Code({ source, editors }: ICodeProps): React.JSX.Element {
  const { trans } = useHere();
  const { method, version, commit, files } = source;
  const [path, setPath] = React.useState(() => firstOf(files));
  const [said, setSaid] = React.useState('');
  const file = files.find(each => each.path === path);
  return (
    <div className="pm-Committed">
      <header className="pm-Bar pm-Committed-head">
        <h2>{trans.__('%1 v%2', method, version)}</h2>
        <span className="pm-Muted">
          {trans.__('as committed in')} <code>{commit}</code>
        </span>
        <Action
          label={trans.__('Copy commit')}
          onClick={() => {
            Clipboard.copyToSystem(commit);
            setSaid(trans.__('Copied.'));
          }}
        />
        <span role="status">{said}</span>
      </header>
      <div className="pm-Committed-body">
        <nav aria-label={trans.__('Files of %1 v%2', method, version)}>
          <ul className="pm-Files">
            {files.map(each => (
              <li key={each.path}>
                <button
                  type="button"
                  className="pm-Files-name"
                  aria-current={each.path === path}
                  onClick={() => {
                    setPath(each.path);
                  }}
                >
                  {each.path}
                </button>
                <span className="pm-Muted">{bytes(each.size)}</span>
              </li>
            ))}
          </ul>
        </nav>
        <section className="pm-Committed-file" aria-label={path}>
          {file === undefined || file.text === null ? (
            <p className="pm-Screen-empty">{trans.__('This file is no text.')}</p>
          ) : editors === null ? (
            <pre className="pm-Text" tabIndex={0} aria-label={path}>
              {file.text}
            </pre>
          ) : (
            <Coloured key={path} path={path} text={file.text} editors={editors} />
          )}
        </section>
      </div>
    </div>
  );
}

/** The file to begin with: what is executed. */
function firstOf(files: readonly File[]): string {
  const found =
    files.find(file => file.path === 'run.py' || file.path.endsWith('/run.py')) ??
    files.find(file => file.path.endsWith('.py')) ??
    files[0];
  return found?.path ?? '';
}

interface IColouredProps {
  path: string;
  text: string;
  editors: IEditorServices;
}

/** Text in JupyterLab's own editor, for reading: its colours, its search, its line numbers. */
function Coloured({ path, text, editors }: IColouredProps): React.JSX.Element {
  const host = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const node = host.current;
    if (node === null) {
      return;
    }
    const model = new CodeEditor.Model({
      mimeType: editors.mimeTypeService.getMimeTypeByFilePath(path)
    });
    model.sharedModel.setSource(text);
    const editor = editors.factoryService.newDocumentEditor({
      host: node,
      model,
      config: { readOnly: true, lineNumbers: true }
    });
    node.querySelector('.cm-content')?.setAttribute('aria-label', path);
    return () => {
      editor.dispose();
      model.dispose();
      node.replaceChildren();
    };
  }, [path, text, editors]);
  return <div ref={host} className="pm-Committed-editor" />;
}
