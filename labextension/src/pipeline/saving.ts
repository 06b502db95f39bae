/** Saving a pipeline under its name, and what is asked when somebody else saved meanwhile. */

import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ITemplate } from '../api/templates';
import { explained } from '../explain/explanation';
import { showExplanation } from '../explain/dialog';
import type { TemplateConflict } from './conflict';
import type { PipelineModel } from './model';
import { earlierOf } from './versions';

/** Save; asks for a name where there is none. False: it is not saved, and nothing is lost. */
export async function savePipeline(
  model: PipelineModel,
  trans: TranslationBundle,
  { rename = false } = {}
): Promise<boolean> {
  let name = model.template?.name ?? '';
  if (rename || name === '') {
    const asked = await InputDialog.getText({
      title: rename ? trans.__('Save pipeline as') : trans.__('Save pipeline'),
      label: trans.__('Name'),
      text: rename && name !== '' ? trans.__('%1 copy', name) : model.name,
      okLabel: trans.__('Save')
    });
    name = (asked.value ?? '').trim();
    if (!asked.button.accept || name === '') {
      return false;
    }
  }
  if (model.template?.name !== name) {
    return attempt(model, trans, () => model.save(name));
  }
  // Who saves again before it is known, or answered, is not asked twice.
  const saved = asking.get(model) ?? saveOver(model, name, trans);
  asking.set(model, saved);
  return saved;
}

/** Pipelines of which it is being asked whether they may take the place of the newest, and what becomes of it. */
const asking = new WeakMap<PipelineModel, Promise<boolean>>();

async function saveOver(
  model: PipelineModel,
  name: string,
  trans: TranslationBundle
): Promise<boolean> {
  const answer = await mayReplaceDrawing(model, trans).finally(() => asking.delete(model));
  if (answer === 'as') {
    return savePipeline(model, trans, { rename: true });
  }
  return answer === 'yes' && attempt(model, trans, () => model.save(name));
}

/** Of equal content no version is kept: whether this drawing may take the place of the newest one. */
async function mayReplaceDrawing(
  model: PipelineModel,
  trans: TranslationBundle
): Promise<'yes' | 'no' | 'as'> {
  const earlier = earlierOf(model.template);
  if (earlier === null) {
    return 'yes';
  }
  const { version, newest } = earlier;
  try {
    if (!(await model.replacesDrawing())) {
      return 'yes';
    }
  } catch (error) {
    // It would be replaced unasked.
    await showExplanation(explained(error, trans), trans);
    return 'no';
  }
  const { button } = await showDialog({
    title: trans.__('Replace how "%1" is drawn?', model.template?.name ?? ''),
    body: trans.__(
      'This, which was version %1, would run the same as the newest, version %2: saving makes no new version. The arrangement, frames, notes and titles of version %2 are replaced, and kept nowhere.',
      version,
      newest
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.createButton({ label: trans.__('Save mine as…'), actions: ['as'] }),
      Dialog.warnButton({ label: trans.__('Replace'), actions: ['yes'] })
    ]
  });
  return button.actions.includes('yes') ? 'yes' : button.actions.includes('as') ? 'as' : 'no';
}

async function attempt(
  model: PipelineModel,
  trans: TranslationBundle,
  save: () => Promise<void>
): Promise<boolean> {
  try {
    await save();
    return true;
  } catch (error) {
    if (isConflict(error)) {
      return decide(model, error, trans);
    }
    await showExplanation(explained(error, trans), trans);
    return false;
  }
}

/** Take what somebody else saved; says why where that cannot be. */
export async function takeTheirs(
  model: PipelineModel,
  theirs: ITemplate,
  trans: TranslationBundle
): Promise<void> {
  try {
    model.takeTheirs(theirs);
  } catch (error) {
    await showExplanation(explained(error, trans), trans);
  }
}

/** The class is in a chunk that this file must not load. */
function isConflict(error: unknown): error is TemplateConflict {
  return error instanceof Error && error.name === 'TemplateConflict';
}

async function decide(
  model: PipelineModel,
  conflict: TemplateConflict,
  trans: TranslationBundle
): Promise<boolean> {
  const { theirs, templateName } = conflict;
  const isOurs = model.template?.name === templateName;
  const { button } = await showDialog({
    title:
      theirs === null
        ? trans.__('"%1" was deleted meanwhile', templateName)
        : isOurs
          ? trans.__('"%1" was changed by somebody else meanwhile', templateName)
          : trans.__('There is a pipeline "%1" already', templateName),
    body:
      theirs === null
        ? trans.__('Your version is still here. Save it again under this or another name.')
        : trans.__(
            'Saved by %1 with %2 steps; yours has %3. Nothing is lost: take theirs and undo brings yours back, or save yours beside it.',
            theirs.updated_by,
            theirs.methods.length,
            model.draft.document.steps.size
          ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.createButton({ label: trans.__('Save mine as…'), actions: ['as'] }),
      ...(theirs === null || !isOurs
        ? []
        : [Dialog.createButton({ label: trans.__('Take theirs'), actions: ['theirs'] })]),
      Dialog.warnButton({
        label: theirs === null ? trans.__('Save again') : trans.__('Replace theirs'),
        actions: ['mine'],
        accept: false
      })
    ]
  });
  const [action] = button.actions;
  switch (action) {
    case 'as':
      return savePipeline(model, trans, { rename: true });
    case 'theirs':
      if (theirs !== null) {
        await takeTheirs(model, theirs, trans);
      }
      // The drawing stays open: only there undo brings mine back.
      return false;
    case 'mine':
      return attempt(model, trans, () => model.replace(theirs, templateName));
    default:
      return false;
  }
}
