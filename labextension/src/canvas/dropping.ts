/** Methods that are dragged out of the list and let go over the canvas. */

import type { Drag } from '@lumino/dragdrop';

import { METHOD_MIME } from '../palette/drag';

/** What is dragged. */
export interface IDraggedMethod {
  readonly method: string;
  readonly version?: number;
}

export function isDrag(event: Event): event is Drag.Event {
  return event.type.startsWith('lm-');
}

/** Say whether it may be let go here. */
export function dragOver(event: Drag.Event, readOnly: boolean): void {
  if (event.mimeData.hasData(METHOD_MIME) && !readOnly) {
    event.preventDefault();
    event.stopPropagation();
    event.dropAction = 'copy';
  }
}

/** The method that was let go; null, it was something else. */
export function dropped(event: Drag.Event): IDraggedMethod | null {
  const data = event.mimeData.getData(METHOD_MIME) as IDraggedMethod | undefined;
  if (data === undefined) {
    return null;
  }
  event.preventDefault();
  event.stopPropagation();
  event.dropAction = 'copy';
  return data;
}
