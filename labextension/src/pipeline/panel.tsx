/** What a pipeline tab holds: toolbar, banners, drawing, step table, problems. Loaded when shown. */

import type { IThemeManager } from '@jupyterlab/apputils';
import { InputDialog, ReactWidget, UseSignal } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { IDisposable } from '@lumino/disposable';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import { Panel } from '@lumino/widgets';
import React from 'react';
import { flushSync } from 'react-dom';

import type { IMarks } from '../api/marks';
import type { Plan } from '../api/plans';
import { CanvasWidget } from '../canvas/widget';
import { CommandIDs } from '../commands';
import { explained } from '../explain/explanation';
import { showExplanation } from '../explain/dialog';
import { markOf } from '../marks/mark';
import { keepFocus } from '../params/kept_focus';
import type { IApi } from '../tokens';
import { Banners } from './banners';
import { dropUnknown } from './edits';
import { EmptyDrawing } from './empty_drawing';
import type { PipelineModel } from './model';
import { plansOf } from './plans_of';
import { ProblemStrip } from './problem_strip';
import { StepEdits } from './step_edits';
import { openFailure } from './step_runs';
import { StepTable } from './table';
import { PipelineToolbar } from './toolbar';
import { unfold } from './unfolding';
import { pipelineText } from './writing';

export interface IPanelOptions {
  model: PipelineModel;
  api: IApi;
  commands: CommandRegistry;
  trans: TranslationBundle;
  themes: IThemeManager | null;
  /** When the unsaved work that was brought back is from; null, none was. */
  restored: string | null;
}

export class PipelinePanel extends Panel {
  constructor(private readonly _options: IPanelOptions) {
    super();
    const { model, api, trans, themes } = _options;
    this.addClass('pm-Pipeline-content');
    this._restored = _options.restored;
    this.canvas = new CanvasWidget({
      model,
      api,
      trans,
      themes,
      actions: {
        unfold: (step, at) => {
          this._unfolded = unfold(this.canvas.node, at, { ..._options, step });
        },
        openFailure: this._openFailure,
        openWarnings: this._openWarnings,
        chooseRun: (step, input) =>
          void _options.commands.execute(CommandIDs.chooseRun, { step, input }),
        ...(_options.commands.hasCommand(CommandIDs.chooseFile)
          ? {
              chooseFile: (step: string, input: string): void =>
                void _options.commands.execute(CommandIDs.chooseFile, { step, input })
            }
          : {}),
        editBranches: step => void _options.commands.execute(CommandIDs.editBranches, { step })
      }
    });
    // Hidden it would be drawn with each selection, and ask for what its open row shows.
    this._table = this._react('pm-StepTable', () =>
      this._table.isHidden ? null : (
        <StepTable
          api={api}
          model={model}
          commands={_options.commands}
          trans={trans}
          leave={() => {
            this.canvas.node.focus({ preventScroll: true });
          }}
        />
      )
    );
    this._table.node.setAttribute('role', 'region');
    this._table.node.setAttribute('aria-label', trans.__('Step table'));
    this._table.hide();
    this.edits = new StepEdits({ model, canvas: this.canvas, table: this._table.node, trans });
    const empty = this._react('pm-EmptyDrawing-host', () => (
      <EmptyDrawing
        model={model}
        trans={trans}
        add={() => {
          this.canvas.deeds.quickAdd();
        }}
        {...(_options.commands.hasCommand(CommandIDs.showMethods)
          ? { list: () => void _options.commands.execute(CommandIDs.showMethods) }
          : {})}
      />
    ));
    const split = new Panel();
    split.addClass('pm-Pipeline-split');
    split.addWidget(this.canvas);
    split.addWidget(this._table);
    split.addWidget(empty);
    const banners = this._react('pm-Banners', () => (
      <Banners
        model={model}
        commands={_options.commands}
        trans={trans}
        restored={this._restored}
        lost={model.lost}
        newer={model.newer}
        discardRestored={() => {
          void this._discardRestored();
        }}
        view={plan => void this.view(plan)}
      />
    ));
    const strip = this._react('pm-Problems-host', () => (
      <ProblemStrip
        model={model}
        trans={trans}
        dropUnknown={() => {
          model.commit(trans.__('remove what is unknown'), dropUnknown);
        }}
      />
    ));
    this.toolbar = this._react('pm-PipelineBar-host', () => (
      <PipelineToolbar
        model={model}
        commands={_options.commands}
        trans={trans}
        plans={this._plans}
        marks={this._marks.plan}
        askPlans={this._askPlans}
        view={plan => void this.view(plan)}
        isTableShown={this.isTableShown}
        toggleTable={() => {
          this.isTableShown = !this.isTableShown;
        }}
      />
    ));
    this.toolbar.node.setAttribute('role', 'toolbar');
    this.toolbar.node.setAttribute('aria-label', trans.__('Pipeline'));
    for (const widget of [this.toolbar, banners, split, strip]) {
      this.addWidget(widget);
    }
    model.revealed.connect((_, step) => {
      this.canvas.viewport.reveal(step);
    });
    this.canvas.viewport.changed.connect(() => {
      this._placed.emit();
    });
    model.selectionChanged.connect(() => {
      this._placed.emit();
    });
  }

  readonly canvas: CanvasWidget;
  readonly toolbar: ReactWidget;
  /** What menus and keys do with its steps. */
  readonly edits: StepEdits;

  get model(): PipelineModel {
    return this._options.model;
  }

  /** Emits when view, selection or table are another, which a reload brings back. */
  get placed(): ISignal<this, void> {
    return this._placed;
  }

  get isTableShown(): boolean {
    return this._table.isVisible || (!this._table.isHidden && !this.isVisible);
  }

  set isTableShown(shown: boolean) {
    this._table.setHidden(!shown);
    // At once: what is focused next must be there.
    flushSync(() => {
      this._refresh.emit();
    });
    this._placed.emit();
    if (shown) {
      this._table.node.querySelector<HTMLElement>('select, button, input')?.focus();
    }
  }

  /** Whether copy and paste are meant for steps, in the drawing or in the table, not for a field. */
  get hasFocusOnSteps(): boolean {
    const focused = document.activeElement;
    return (
      focused === this.canvas.node ||
      (focused?.classList.contains('pm-StepTable-name') === true &&
        this._table.node.contains(focused) &&
        document.getSelection()?.isCollapsed !== false)
    );
  }

  /** Look at a plan, or at the draft again. */
  readonly view = async (plan: number | null): Promise<void> => {
    try {
      await this.model.view(plan);
    } catch (error) {
      await showExplanation(explained(error, this._options.trans), this._options.trans);
    }
  };

  /** Ask which plan is looked at, or the draft, and look at it. */
  async choosePlan(): Promise<void> {
    const { trans } = this._options;
    try {
      const offered = new Map<string, number | null>([[trans.__('draft'), null]]);
      for (const { plan_id, status } of await this._plansOfThis()) {
        const { said } = markOf([...this._marks.plan], status);
        offered.set(trans.__('plan %1 (%2)', plan_id, said), plan_id);
      }
      const { button, value } = await InputDialog.getItem({
        title: trans.__('View plan in pipeline'),
        label: trans.__('Viewing:'),
        items: [...offered.keys()],
        okLabel: trans.__('View')
      });
      if (button.accept && value !== null) {
        await this.view(offered.get(value) ?? null);
      }
    } catch (error) {
      await showExplanation(explained(error, trans), trans);
    }
  }

  /** What the states of runs and plans are called, and look like. */
  set marks(marks: IMarks) {
    this._marks = marks;
    this.canvas.marks = marks.run;
    if (this.model.viewing !== null) {
      this._refresh.emit();
    }
  }

  /** The step of a viewed plan that can be unfolded into its runs; null, none is selected. */
  get unfoldable(): string | null {
    const [step, ...others] = this.model.selection;
    return step !== undefined && others.length === 0 && this.model.states.has(step) ? step : null;
  }

  /** Show the runs of the selected step over the drawing, or hide those that are shown. */
  toggleRuns(): void {
    const step = this.unfoldable;
    if (this._unfolded?.isDisposed === false) {
      this._unfolded.dispose();
    } else if (step !== null) {
      this.canvas.viewport.reveal(step);
      this.canvas.deeds.unfold(step);
    }
  }

  /** Of many runs it is not to be seen which one warned: the entries say it. */
  private readonly _openWarnings = (step: string): void => {
    const { viewing } = this.model;
    if (viewing !== null) {
      const { plan_id: plan } = viewing.plan;
      const wanted = { plan, step, level: 'WARNING' };
      void this._options.commands.execute(CommandIDs.searchLogs, wanted);
    }
  };

  private readonly _openFailure = (step: string): void => {
    const { api, commands, trans } = this._options;
    const plan = this.model.viewing?.plan.plan_id;
    if (plan !== undefined) {
      openFailure(api, commands, plan, step).catch((error: unknown) => {
        void showExplanation(explained(error, trans), trans);
      });
    }
  };

  /** The document as a file. */
  text(): string {
    return pipelineText(this.model.document);
  }

  handleEvent(event: Event): void {
    if (!(event instanceof ClipboardEvent) || !this.hasFocusOnSteps) {
      return;
    }
    if (event.type === 'paste') {
      if (this.edits.paste(event.clipboardData?.getData('text/plain') ?? '')) {
        event.preventDefault();
      }
      return;
    }
    const text = event.type === 'cut' ? this.edits.cut() : this.edits.copy();
    if (text !== null) {
      event.clipboardData?.setData('text/plain', text);
      event.preventDefault();
    }
  }

  override dispose(): void {
    if (!this.isDisposed) {
      Signal.clearData(this);
      super.dispose();
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    for (const type of CLIPBOARD) {
      document.addEventListener(type, this);
    }
    this._endKeeping = keepFocus(this.node);
  }

  protected override onBeforeDetach(msg: Message): void {
    // They hang on the page, not on this panel: they do not go by themselves.
    this._unfolded?.dispose();
    this._endKeeping();
    for (const type of CLIPBOARD) {
      document.removeEventListener(type, this);
    }
    super.onBeforeDetach(msg);
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.canvas.activate();
  }

  private async _discardRestored(): Promise<void> {
    const { trans } = this._options;
    try {
      await this.model.takeSaved();
      this._restored = null;
      this._refresh.emit();
    } catch (error) {
      await showExplanation(explained(error, trans), trans);
    }
  }

  private _marks: IMarks = { run: [], plan: [] };

  private readonly _askPlans = (): void => {
    this._plansOfThis().then(
      plans => {
        this._plans = plans;
        this._refresh.emit();
      },
      () => undefined
    );
  };

  private _plansOfThis(): Promise<readonly Plan[]> {
    return plansOf(this._options.api, this.model);
  }

  /** A part of the page that is drawn again with every change of the model. */
  private _react(name: string, render: () => React.JSX.Element | null): ReactWidget {
    const { model } = this;
    const widget = ReactWidget.create(
      <UseSignal signal={this._refresh}>
        {() => (
          <UseSignal signal={model.changed}>
            {() => (
              <UseSignal signal={model.checked}>
                {() => (
                  <UseSignal signal={model.selectionChanged}>
                    {() => <UseSignal signal={model.statesChanged}>{render}</UseSignal>}
                  </UseSignal>
                )}
              </UseSignal>
            )}
          </UseSignal>
        )}
      </UseSignal>
    );
    widget.addClass(name);
    return widget;
  }

  private _unfolded: IDisposable | null = null;
  private _endKeeping = (): void => undefined;
  private _restored: string | null;
  private _plans: readonly Plan[] = [];
  private readonly _table: ReactWidget;
  private readonly _refresh = new Signal<this, void>(this);
  private readonly _placed = new Signal<this, void>(this);
}

const CLIPBOARD = ['copy', 'cut', 'paste'] as const;
