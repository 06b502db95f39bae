/** Drawings in the left panel that are not saved: from here they are opened wherever one sits. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IUnsavedDrawing } from '../api/drawings';
import { Ago } from '../screen/ago';

interface IProps {
  drawings: readonly IUnsavedDrawing[];
  open?: (drawing: IUnsavedDrawing) => void;
  discard: (drawing: IUnsavedDrawing) => void;
  trans: TranslationBundle;
}

/** How a drawing is called before it has a name, too. */
export function nameOf({ name }: IUnsavedDrawing, trans: TranslationBundle): string {
  return name === '' ? trans.__('Unnamed pipeline') : name;
}

export function DrawingsList({ drawings, open, discard, trans }: IProps): React.JSX.Element | null {
  if (drawings.length === 0) {
    return null;
  }
  return (
    <ul className="pm-List" aria-label={trans.__('Not saved yet')}>
      {drawings.map(drawing => (
        <li key={drawing.key} className="pm-Item">
          <button
            type="button"
            className="pm-Item-name"
            disabled={open === undefined}
            title={trans.__('Kept as it was drawn by %1; not saved yet', drawing.changed_by)}
            onClick={() => {
              open?.(drawing);
            }}
          >
            <span aria-hidden="true">● </span>
            {nameOf(drawing, trans)}
          </button>
          <span className="pm-Item-about">
            {drawing.template === null ? trans.__('not saved') : trans.__('changed, not saved')}
            {' · '}
            {trans._n('%1 step', '%1 steps', drawing.steps)}
            {' · '}
            <Ago time={drawing.changed_at} />
          </span>
          <span className="pm-Item-actions">
            <button
              type="button"
              className="pm-TextButton"
              aria-label={trans.__('Throw away the unsaved drawing %1', nameOf(drawing, trans))}
              onClick={() => {
                discard(drawing);
              }}
            >
              {trans.__('Throw away')}
            </button>
          </span>
        </li>
      ))}
    </ul>
  );
}
