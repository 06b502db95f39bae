/** The widget that a screen is drawn in: loaded when first seen, and saying why where it cannot be. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';
import React from 'react';

import { explained } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import type { IHere, ITab } from './here';
import { HereContext, TabContext } from './here';

/** A screen: what it is asked to show, drawn. */
export type Screen<A> = React.ComponentType<{ args: A; tab: ITab<A> }>;

export class ScreenPanel<A> extends ReactWidget implements ITab<A> {
  constructor(
    readonly here: IHere,
    private _args: A,
    private readonly _load: () => Promise<Screen<A>>,
    private readonly _named: (label: string, caption: string) => void,
    private readonly _turned: () => void
  ) {
    super();
    this.addClass('pm-Screen');
    // So that the tab can have the focus, and keys scroll it.
    this.node.tabIndex = -1;
  }

  /** What the screen is asked to show. */
  get args(): A {
    return this._args;
  }

  /** Show something else of the same thing: another line of a log, another step of a plan. */
  revise(args: A): void {
    this._args = args;
    this.update();
  }

  turn(args: A): void {
    this.revise(args);
    this._turned();
  }

  keep(args: A): void {
    this._args = args;
    this._turned();
  }

  /** The run that is looked at; null, none. */
  get selected(): number | null {
    return this._selected;
  }

  get selectedChanged(): ISignal<this, void> {
    return this._selectedChanged;
  }

  select(run: number | null): void {
    if (run !== this._selected) {
      this._selected = run;
      this._selectedChanged.emit();
    }
  }

  get shown(): ISignal<this, void> {
    return this._shown;
  }

  setTitle(label: string, caption = label): void {
    this._named(label, caption);
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this._start();
    this._shown.emit();
  }

  // Loaded when it is seen, not when a hidden tab is restored.
  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    if (this.isVisible) {
      this._start();
    }
  }

  protected override onActivateRequest(msg: Message): void {
    super.onActivateRequest(msg);
    this.node.focus({ preventScroll: true });
  }

  protected override render(): React.JSX.Element | null {
    const { trans } = this.here;
    if (this._failed) {
      const explanation = {
        title: trans.__('This screen cannot be loaded'),
        text: [trans.__('The product was updated, or the server is away: reload this page.')]
      };
      return <ExplanationPanel explanation={explanation} trans={trans} retry={this._again} />;
    }
    const Loaded = this._screen;
    if (Loaded === null) {
      return null;
    }
    return (
      <HereContext.Provider value={this.here}>
        <TabContext.Provider value={this}>
          <Mishaps here={this.here}>
            <Loaded args={this._args} tab={this} />
          </Mishaps>
        </TabContext.Provider>
      </HereContext.Provider>
    );
  }

  private _start(): void {
    if (this._started) {
      return;
    }
    this._started = true;
    this._load().then(
      screen => {
        this._screen = screen;
        this.update();
      },
      () => {
        this._failed = true;
        this.update();
      }
    );
  }

  private readonly _again = (): void => {
    this._failed = false;
    this._started = false;
    this._start();
  };

  private _screen: Screen<A> | null = null;
  private _started = false;
  private _failed = false;
  private _selected: number | null = null;
  private readonly _shown = new Signal<this, void>(this);
  private readonly _selectedChanged = new Signal<this, void>(this);
}

interface IMishapsProps {
  here: IHere;
  children: React.ReactNode;
}

/** A screen that cannot be drawn says so, instead of leaving an empty tab. */
class Mishaps extends React.Component<IMishapsProps, { error: unknown }> {
  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override state: { error: unknown } = { error: null };

  override render(): React.ReactNode {
    if (this.state.error === null) {
      return this.props.children;
    }
    const { trans } = this.props.here;
    return (
      <ExplanationPanel
        explanation={explained(this.state.error, trans)}
        trans={trans}
        retry={() => {
          this.setState({ error: null });
        }}
      />
    );
  }
}
