/** Dragging a method out of the list. The canvas knows it by the type of what is dragged. */

import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

/** What a dragged method is called; its data is `{method: string}`. */
export const METHOD_MIME = 'application/vnd.pm-method';

/** So far the pointer moves before it is a drag, in pixels. */
const THRESHOLD = 5;

/** Wait whether a press becomes a drag. */
export function startDrag(press: PointerEvent, method: string): void {
  if (press.button !== 0 || press.pointerType === 'touch') {
    return;
  }
  const stop = (): void => {
    document.removeEventListener('pointermove', move, true);
    document.removeEventListener('pointerup', stop, true);
    document.removeEventListener('pointercancel', stop, true);
  };
  const move = (event: PointerEvent): void => {
    if (Math.hypot(event.clientX - press.clientX, event.clientY - press.clientY) < THRESHOLD) {
      return;
    }
    stop();
    event.preventDefault();
    const image = document.createElement('div');
    image.className = 'pm-DragImage';
    image.textContent = method;
    const mimeData = new MimeData();
    mimeData.setData(METHOD_MIME, { method });
    const drag = new Drag({
      mimeData,
      dragImage: image,
      proposedAction: 'copy',
      supportedActions: 'copy',
      source: null
    });
    void drag.start(event.clientX, event.clientY).then(() => {
      drag.dispose();
    });
  };
  document.addEventListener('pointermove', move, true);
  document.addEventListener('pointerup', stop, true);
  document.addEventListener('pointercancel', stop, true);
}
