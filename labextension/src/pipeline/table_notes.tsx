/** Comments and frames of the drawing: their texts, and what adds and deletes them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { TextEntry } from '../params/entry';
import type { IPipelineModel } from '../tokens';
import type { IPipeline } from './document';
import { boxOf, freePlace, putComment, putFrame, removeNotes } from './drawing';
import { newComment, newFrame } from './notes';

interface IProps {
  model: IPipelineModel;
  trans: TranslationBundle;
}

export function NotesForm({ model, trans }: IProps): React.JSX.Element | null {
  const { document, catalogue, selection, readOnly } = model;
  const { comments, frames } = document.layout;
  const host = React.useRef<HTMLElement>(null);
  // The one that was added just now has the focus.
  const added = React.useRef<string | null>(null);
  React.useEffect(() => {
    if (added.current !== null) {
      field(host.current, added.current)?.focus();
      added.current = null;
    }
  });
  const add = (id: string, said: string, edit: (document: IPipeline) => IPipeline): void => {
    added.current = id;
    model.commit(said, edit);
  };
  const remove = (id: string): void => {
    const ids = [...comments, ...frames].map(each => each.id);
    const at = ids.indexOf(id);
    const next = ids[at + 1] ?? ids[at - 1];
    const stays =
      next === undefined ? host.current?.querySelector('button') : field(host.current, next);
    stays?.focus();
    model.commit(trans.__('delete %1 things', 1), each => removeNotes(each, new Set([id])));
  };
  if (readOnly && comments.length + frames.length === 0) {
    return null;
  }
  return (
    <section ref={host} className="pm-StepTable-notes" aria-label={trans.__('Comments and frames')}>
      <h3>{trans.__('Comments and frames')}</h3>
      {!readOnly && (
        <div className="pm-Row">
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              const comment = newComment(freePlace(document, catalogue, selection));
              add(comment.id, trans.__('add comment'), each => putComment(each, comment));
            }}
          >
            {trans.__('Add comment')}
          </button>
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              const boxes = [...selection].flatMap(name => boxOf(document, catalogue, name) ?? []);
              const place = freePlace(document, catalogue, selection);
              const frame = newFrame(boxes, place, trans);
              add(frame.id, trans.__('add frame'), each => putFrame(each, frame));
            }}
          >
            {selection.size > 0
              ? trans._n('Frame %1 step', 'Frame %1 steps', selection.size)
              : trans.__('Add frame')}
          </button>
        </div>
      )}
      <ul className="pm-List">
        {comments.map((comment, n) => (
          <Note
            key={comment.id}
            id={comment.id}
            label={trans.__('Comment %1', n + 1)}
            text={comment.text}
            lines
            change={text => {
              model.commit(trans.__('edit comment'), each =>
                putComment(each, { ...comment, text })
              );
            }}
            {...{ remove, readOnly, trans }}
          />
        ))}
        {frames.map((frame, n) => (
          <Note
            key={frame.id}
            id={frame.id}
            label={trans.__('Frame %1', n + 1)}
            text={frame.title}
            change={title => {
              model.commit(trans.__('title frame'), each => putFrame(each, { ...frame, title }));
            }}
            {...{ remove, readOnly, trans }}
          />
        ))}
      </ul>
    </section>
  );
}

function field(host: HTMLElement | null, id: string): HTMLElement | null {
  const items = [...(host?.querySelectorAll<HTMLElement>('li') ?? [])];
  return (
    items
      .find(each => each.dataset['pmNote'] === id)
      ?.querySelector<HTMLElement>('input, textarea') ?? null
  );
}

interface INoteProps {
  id: string;
  label: string;
  text: string;
  lines?: boolean;
  readOnly: boolean;
  change: (text: string) => void;
  remove: (id: string) => void;
  trans: TranslationBundle;
}

function Note(props: INoteProps): React.JSX.Element {
  const { id, label, text, lines = false, readOnly, change, remove, trans } = props;
  const own = React.useId();
  return (
    <li data-pm-note={id} className="pm-StepTable-note">
      <label htmlFor={own}>{label}</label>
      <TextEntry id={own} text={text} lines={lines} disabled={readOnly} onChange={change} />
      {!readOnly && (
        <button
          type="button"
          className="pm-TextButton"
          aria-label={trans.__('Delete %1', label)}
          onClick={() => {
            remove(id);
          }}
        >
          {trans.__('Delete')}
        </button>
      )}
    </li>
  );
}
