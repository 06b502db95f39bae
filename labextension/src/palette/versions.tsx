/** What a template is and was: its versions, in a dialog that opens and restores them. */

import { Dialog, ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { ITemplateVersion } from '../api/templates';
import { showExplanation } from '../explain/dialog';
import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import { EditorDialog } from '../params/dialog';
import { shortHash } from '../pipeline/versions';
import { Ago } from '../screen/ago';
import type { VersionsModel } from './versions_model';

/** More steps than these are counted. */
const NAMED = 4;

interface IProps {
  model: VersionsModel;
  /** Open a version in a tab of its own; without a number, what is newest. Absent: nothing can. */
  open?: (version?: number) => void;
  /** A version became the newest. */
  restored: () => void;
  /** Called where nothing has the focus at the end: what had it is gone, as the command palette. */
  goOn: () => void;
  trans: TranslationBundle;
}

/** Show the versions of a template until the dialog is closed, or one of them is opened. */
export async function showVersions({ open, goOn, ...props }: IProps): Promise<void> {
  const { model, trans } = props;
  const title = trans.__('Versions of "%1"', model.name);
  const chosen = { isOpening: false };
  const opening =
    open === undefined
      ? {}
      : {
          open: (version?: number): void => {
            chosen.isOpening = true;
            dialog.reject();
            open(version);
          }
        };
  const body = ReactWidget.create(
    <UseSignal signal={model.stateChanged}>
      {() => <VersionsView {...props} {...opening} />}
    </UseSignal>
  );
  body.addClass('pm-Editor');
  const dialog = new EditorDialog({
    title,
    body,
    buttons: [Dialog.okButton({ label: trans.__('Close') })],
    hasClose: true
  });
  dialog.addClass('pm-EditorDialog');
  dialog.node.setAttribute('aria-label', title);
  void model.read();
  await dialog.launch();
  model.dispose();
  // What is opened takes the focus itself.
  if (!chosen.isOpening && document.activeElement === document.body) {
    goOn();
  }
}

export function VersionsView({
  model,
  open,
  restored,
  trans
}: Omit<IProps, 'goOn'>): React.JSX.Element {
  const { listed, error, isBusy } = model;
  const newest = listed?.[0]?.version;
  return (
    <div className="pm-Versions" aria-busy={isBusy}>
      <p className="pm-Hint">
        {trans.__(
          'Each save that changes what would run is a version. How it is drawn, and titles, make none.'
        )}
      </p>
      {error !== null && (
        <ExplanationPanel
          explanation={explained(error, trans)}
          trans={trans}
          retry={() => void model.read()}
        />
      )}
      {listed === null ? (
        error === null && <p role="status">{trans.__('Reading…')}</p>
      ) : (
        <div className="pm-Scroll">
          <table className="pm-Table">
            <caption className="pm-offscreen">{trans.__('Versions of "%1"', model.name)}</caption>
            <thead>
              <tr>
                <th scope="col" className="pm-Table-number">
                  {trans.__('Version')}
                </th>
                <th scope="col">{trans.__('Hash')}</th>
                <th scope="col">{trans.__('Saved')}</th>
                <th scope="col">{trans.__('What is new')}</th>
                <th scope="col">
                  <span className="pm-offscreen">{trans.__('What can be done')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {listed.map(each => (
                <tr key={each.version}>
                  <th scope="row" className="pm-Table-number">
                    {each.version}
                  </th>
                  <td>
                    <code title={each.content_hash}>{shortHash(each.content_hash)}</code>
                  </td>
                  <td>
                    <Ago time={each.saved_at} /> {trans.__('by %1', each.saved_by)}
                  </td>
                  <td>
                    {each.note !== '' && <p className="pm-Versions-note">{each.note}</p>}
                    <span className="pm-Hint">{changesText(each, trans)}</span>
                  </td>
                  <td className="pm-Versions-deeds">
                    {open !== undefined && (
                      <button
                        type="button"
                        className="jp-mod-styled"
                        aria-label={trans.__('Open version %1', each.version)}
                        disabled={isBusy}
                        onClick={() => {
                          open(each.version === newest ? undefined : each.version);
                        }}
                      >
                        {trans.__('Open')}
                      </button>
                    )}
                    {each.version === newest ? (
                      <span className="pm-Hint">{trans.__('newest')}</span>
                    ) : each.content_hash === listed[0]?.content_hash ? (
                      <span
                        className="pm-Hint"
                        title={trans.__('It would run the same; open it to see how it was drawn')}
                      >
                        {trans.__('same as the newest')}
                      </span>
                    ) : (
                      <button
                        type="button"
                        className="jp-mod-styled"
                        aria-label={trans.__('Restore version %1', each.version)}
                        title={trans.__('Save it as the newest version; what is newest now stays')}
                        disabled={isBusy}
                        onClick={() => {
                          void model.restore(each.version).then(isDone => {
                            if (isDone) {
                              restored();
                            } else if (model.isDisposed) {
                              // The dialog that would have said it is closed.
                              void showExplanation(explained(model.error, trans), trans);
                            }
                          });
                        }}
                      >
                        {trans.__('Restore')}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {model.hasMore && (
        <button
          type="button"
          className="pm-TextButton"
          disabled={isBusy}
          onClick={() => void model.more()}
        >
          {trans.__('Show older versions')}
        </button>
      )}
      <p role="status">{model.said}</p>
    </div>
  );
}

/** By what a version differs from the one before it, in steps. */
export function changesText(version: ITemplateVersion, trans: TranslationBundle): string {
  const { added, removed, changed, steps } = version;
  if (version.version === 1) {
    return trans._n('The first, with %1 step', 'The first, with %1 steps', steps);
  }
  const names = (list: readonly string[]): string =>
    list.length <= NAMED ? list.join(', ') : trans._n('%1 step', '%1 steps', list.length);
  return [
    ...(added.length > 0 ? [trans.__('adds %1', names(added))] : []),
    ...(removed.length > 0 ? [trans.__('removes %1', names(removed))] : []),
    ...(changed.length > 0 ? [trans.__('changes %1', names(changed))] : [])
  ].join('; ');
}
