/** The lines above a drawing that say what must be known of it: a plan, unsaved work, what was lost. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import { CommandIDs } from '../commands';
import { Ago } from '../screen/ago';
import type { PipelineModel } from './model';
import { OtherCommands } from './others';
import { savePipeline, takeTheirs } from './saving';
import type { IOriginVersion } from './unsaved';
import { earlierOf, isAsNewest, shortHash } from './versions';

interface IBannerProps {
  model: PipelineModel;
  commands: CommandRegistry;
  trans: TranslationBundle;
  /** Unsaved work of this time was brought back; null, none was. */
  restored: string | null;
  lost: readonly string[];
  newer: boolean;
  discardRestored: () => void;
  view: (plan: number | null) => void;
}

/** What must be known of what is shown. */
export function Banners(props: IBannerProps): React.JSX.Element | null {
  const { model, trans, restored, lost, newer, discardRestored, view } = props;
  const { viewing } = model;
  if (viewing !== null) {
    const { plan } = viewing;
    const time = plan.submitted_at ?? plan.created_at;
    return (
      <div className="pm-Banner" role="status">
        <span>
          {plan.submitted_at === null
            ? trans.__('Plan %1, a draft of', plan.plan_id)
            : trans.__('Plan %1, as submitted', plan.plan_id)}{' '}
          <Ago time={time} />
        </span>
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            void props.commands.execute(CommandIDs.openPipeline, { plan: plan.plan_id });
          }}
        >
          {trans.__('Edit as draft')}
        </button>
        {props.commands.hasCommand(OtherCommands.openPlan) && (
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              void props.commands.execute(OtherCommands.openPlan, { plan: plan.plan_id });
            }}
          >
            {trans.__('Open plan %1', plan.plan_id)}
          </button>
        )}
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            view(null);
          }}
        >
          {trans.__('Back to the draft')}
        </button>
      </div>
    );
  }
  if (newer) {
    return (
      <div className="pm-Banner pm-mod-warn" role="alert">
        {trans.__(
          'This pipeline was written by a newer program. It is shown as far as this page understands it, and cannot be changed or saved here. Update the Research Process Manager to edit it.'
        )}
      </div>
    );
  }
  if (lost.length > 0) {
    return (
      <div className="pm-Banner pm-mod-warn" role="alert">
        <details>
          <summary>
            {trans._n(
              '%1 thing of this pipeline could not be read; what is saved is untouched until you save.',
              '%1 things of this pipeline could not be read; what is saved is untouched until you save.',
              lost.length
            )}
          </summary>
          <ul>
            {lost.map((each, n) => (
              <li key={n}>{each}</li>
            ))}
          </ul>
        </details>
      </div>
    );
  }
  if (model.theirs !== null) {
    return <Theirs model={model} theirs={model.theirs} trans={trans} />;
  }
  if (restored !== null && model.dirty) {
    return (
      <div className="pm-Banner" role="status">
        <span>
          {trans.__('Unsaved work was brought back: ')}
          <Ago time={restored} />
        </span>
        <button type="button" className="jp-mod-styled" onClick={discardRestored}>
          {model.template === null ? trans.__('Start anew') : trans.__('Take what is saved')}
        </button>
      </div>
    );
  }
  const earlier = earlierOf(model.template);
  return earlier === null ? null : <Earlier {...props} version={earlier} />;
}

/** What is drawn is, or was made from, an earlier version of the template. */
function Earlier(props: IBannerProps & { version: IOriginVersion }): React.JSX.Element {
  const { model, commands, trans, version } = props;
  const { saved_at: time, saved_by: by, note } = version;
  const hash = shortHash(version.content_hash);
  const isSame = isAsNewest(model.template);
  return (
    <div className="pm-Banner" role="status">
      <span>
        {model.dirty
          ? trans.__('Changed from version %1 (%2) of "%3".', version.version, hash, model.name)
          : trans.__('Version %1 (%2) of "%3".', version.version, hash, model.name)}{' '}
        {isSame && !model.dirty
          ? trans.__('The newest is version %1; both would run the same.', version.newest)
          : trans.__('The newest is version %1.', version.newest)}
        {time !== undefined && (
          <>
            {' '}
            {by === undefined ? trans.__('Saved:') : trans.__('Saved by %1:', by)}{' '}
            <Ago time={time} />
          </>
        )}
        {note !== undefined && note !== '' && <> {trans.__('Note: %1', note)}</>}
      </span>
      {/* Of a version that would run the same there is nothing to restore but how it was drawn. */}
      {(model.dirty || !isSame) && (
        <button
          type="button"
          className="jp-mod-styled"
          title={
            isSame
              ? trans.__('Save what is drawn here as the newest version')
              : trans.__('Save what is drawn here as the newest version; what is newest now stays')
          }
          onClick={() => {
            void savePipeline(model, trans);
          }}
        >
          {model.dirty ? trans.__('Save as newest version') : trans.__('Restore as newest version')}
        </button>
      )}
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => {
          void commands.execute(CommandIDs.openPipeline, { template: model.template?.name ?? '' });
        }}
      >
        {trans.__('Open the newest')}
      </button>
    </div>
  );
}

interface ITheirsProps {
  model: PipelineModel;
  theirs: NonNullable<PipelineModel['theirs']>;
  trans: TranslationBundle;
}

/** Somebody else saved the pipeline while it is open here. */
function Theirs({ model, theirs, trans }: ITheirsProps): React.JSX.Element {
  return (
    <div className="pm-Banner pm-mod-warn" role="alert">
      {theirs === 'deleted' ? (
        <span>
          {trans.__(
            '"%1" was deleted or renamed elsewhere. What is drawn here is kept; save it to have it under a name again.',
            model.name
          )}
        </span>
      ) : (
        <>
          <span>
            {trans.__('"%1" was saved elsewhere by %2 ', model.name, theirs.updated_by)}
            <Ago time={theirs.updated_at} />
          </span>
          <button
            type="button"
            className="jp-mod-styled"
            title={trans.__('Show what is saved now; undo brings back what is drawn here')}
            onClick={() => {
              void takeTheirs(model, theirs, trans);
            }}
          >
            {trans.__('Take theirs')}
          </button>
        </>
      )}
      <button
        type="button"
        className="jp-mod-styled"
        onClick={() => {
          model.ignoreTheirs();
        }}
      >
        {trans.__('Keep mine')}
      </button>
    </div>
  );
}
