/** The runs of a step, unfolded over the drawing. */

import { ReactWidget } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import { Widget } from '@lumino/widgets';
import React from 'react';

import type { IPoint } from './document';
import type { IStepRunsProps } from './step_runs';
import { StepRuns } from './step_runs';

/**
 * Show them at a point of `host`; they go on Escape, and when the person goes on elsewhere.
 *
 * @returns folds them again
 */
export function unfold(host: HTMLElement, at: IPoint, props: IStepRunsProps): IDisposable {
  const { model, step, trans } = props;
  const widget = ReactWidget.create(
    <>
      <h2>{model.document.steps.get(step)?.title ?? step}</h2>
      <StepRuns {...props} />
    </>
  );
  const { node } = widget;
  widget.addClass('pm-Unfolded');
  node.tabIndex = -1;
  node.setAttribute('role', 'dialog');
  node.setAttribute('aria-label', trans.__('Runs of step %1', step));
  const plan = model.viewing?.plan.plan_id;
  const folding = new DisposableDelegate(() => {
    const hadFocus = node.contains(document.activeElement);
    model.changed.disconnect(turned);
    for (const type of ELSEWHERE) {
      document.removeEventListener(type, leave, true);
    }
    widget.dispose();
    if (hadFocus) {
      host.focus();
    }
  });
  /** Another plan, or the draft again: these runs belong to neither. */
  const turned = (): void => {
    if (model.isDisposed || model.viewing?.plan.plan_id !== plan) {
      folding.dispose();
    }
  };
  const leave = (event: Event): void => {
    if (!(event.target instanceof Node) || !node.contains(event.target)) {
      folding.dispose();
    }
  };
  node.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      folding.dispose();
    }
  });
  for (const type of ['pointerdown', 'dblclick', 'wheel', 'contextmenu']) {
    node.addEventListener(type, event => {
      event.stopPropagation();
    });
  }
  model.changed.connect(turned);
  Widget.attach(widget, host);
  const left = Math.max(
    4,
    Math.min(at.x - node.offsetWidth / 2, host.clientWidth - node.offsetWidth - 4)
  );
  // Below the pointer where there is room, so that the node stays in sight.
  const room = host.clientHeight - at.y - 24;
  const isBelow = room >= LEAST;
  node.style.left = `${left}px`;
  node.style.top = `${isBelow ? at.y + 18 : 4}px`;
  node.style.maxHeight = `${isBelow ? room : Math.max(LEAST, at.y - 60)}px`;
  node.focus({ preventScroll: true });
  for (const type of ELSEWHERE) {
    document.addEventListener(type, leave, true);
  }
  return folding;
}

/** Where the person goes on outside of them. */
const ELSEWHERE = ['pointerdown', 'focusin'] as const;
/** So high they are worth reading, in pixels. */
const LEAST = 180;
