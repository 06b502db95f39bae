/** The left panel: methods, templates, plans, runs. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';

import type { IUnsavedDrawing } from '../api/drawings';
import type { Plan } from '../api/plans';
import type { ITemplateEntry } from '../api/templates';
import { explained } from '../explain/explanation';
import { ExplanationPanel, ExplanationText } from '../explain/view';
import { DrawingsList } from './drawings';
import { PlansPart, TemplatesList } from './lists';
import type { IMethodActions } from './methods';
import { MethodsList } from './methods';
import type { PaletteModel } from './model';
import { RunsPart } from './runs';
import type { SectionName } from './section';
import { Section } from './section';

/** What the panel can start; what is absent cannot be done here. */
export interface IPaletteActions extends IMethodActions {
  openTemplate?: (name: string) => void;
  templateVersions: (template: ITemplateEntry) => void;
  renameTemplate: (template: ITemplateEntry) => void;
  deleteTemplate: (template: ITemplateEntry) => void;
  openDrawing?: (drawing: IUnsavedDrawing) => void;
  discardDrawing: (drawing: IUnsavedDrawing) => void;
  openPlan?: (plan: Plan) => void;
  openRun?: (run: number) => void;
  newPipeline?: () => void;
}

interface IProps {
  model: PaletteModel;
  actions: IPaletteActions;
  folded: ReadonlySet<SectionName>;
  toggle: (name: SectionName) => void;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

export function PaletteView(props: IProps): React.JSX.Element {
  const { model, actions, folded, toggle, commands, trans } = props;
  const { catalogue, templates, plans } = model;
  const error = model.error ?? catalogue.error;
  const refresh = (): void => {
    void model.refresh();
  };
  const section = (name: SectionName): { open: boolean; toggle: () => void } => ({
    open: !folded.has(name),
    toggle: () => {
      toggle(name);
    }
  });
  if (error !== null && !model.isLoaded) {
    return <ExplanationPanel explanation={explained(error, trans)} trans={trans} retry={refresh} />;
  }
  const known = catalogue.isLoaded ? new Set(catalogue.methods.map(each => each.method)) : null;
  const { openTemplate, openDrawing, openPlan, openRun, newPipeline } = actions;
  return (
    <>
      <div className="pm-Palette-head">
        {newPipeline !== undefined && (
          <button type="button" className="jp-mod-styled jp-mod-accept" onClick={newPipeline}>
            {trans.__('New pipeline')}
          </button>
        )}
        <button type="button" className="jp-mod-styled" onClick={refresh}>
          {trans.__('Refresh')}
        </button>
      </div>
      {error !== null && (
        <ExplanationPanel explanation={explained(error, trans)} trans={trans} retry={refresh} />
      )}
      <Section title={trans.__('Methods')} count={catalogue.methods.length} {...section('methods')}>
        {catalogue.methods.length > 0 ? (
          <MethodsList methods={catalogue.methods} actions={actions} trans={trans} />
        ) : catalogue.isLoaded ? (
          <Teaching
            trans={trans}
            text={[
              trans.__(
                'A method is a folder with plain Python; register one in a terminal: %1',
                '`pm method register FOLDER`'
              ),
              trans.__('Or make a workspace with examples: %1', '`pm demo`')
            ]}
          />
        ) : (
          <p className="pm-Hint">{trans.__('Reading…')}</p>
        )}
      </Section>
      <Section
        title={trans.__('Templates')}
        count={
          model.drawings.length === 0
            ? templates.length
            : trans.__('%1 · %2 not saved', templates.length, model.drawings.length)
        }
        {...section('templates')}
      >
        <DrawingsList
          drawings={model.drawings}
          {...(openDrawing === undefined ? {} : { open: openDrawing })}
          discard={actions.discardDrawing}
          trans={trans}
        />
        {templates.length === 0 ? (
          <p className="pm-Hint">
            {trans.__(
              'A template is a pipeline saved under a name; save a drawing to see it here.'
            )}
          </p>
        ) : (
          <TemplatesList
            templates={templates}
            known={known}
            {...(openTemplate === undefined ? {} : { open: openTemplate })}
            versions={actions.templateVersions}
            rename={actions.renameTemplate}
            remove={actions.deleteTemplate}
            trans={trans}
          />
        )}
      </Section>
      <Section title={trans.__('Plans')} {...section('plans')}>
        {plans.length === 0 ? (
          <p className="pm-Hint">
            {trans.__('A plan is a pipeline with its samples; running one makes it appear here.')}
          </p>
        ) : (
          <PlansPart
            plans={plans}
            marks={model.marks}
            {...(openPlan === undefined ? {} : { open: openPlan })}
            trans={trans}
          />
        )}
      </Section>
      <Section title={trans.__('Runs')} {...section('runs')}>
        <RunsPart
          runs={model.runs}
          marks={model.marks}
          filter={model.filter}
          fault={model.filterFault}
          find={line => {
            void model.find(line);
          }}
          {...(model.hasMore ? { more: () => void model.more() } : {})}
          {...(openRun === undefined ? {} : { open: openRun })}
          commands={commands}
          trans={trans}
        />
      </Section>
    </>
  );
}

function Teaching(props: { text: string[]; trans: TranslationBundle }): React.JSX.Element {
  return (
    <div className="pm-Hint">
      <ExplanationText explanation={{ title: '', text: props.text }} trans={props.trans} />
    </div>
  );
}
