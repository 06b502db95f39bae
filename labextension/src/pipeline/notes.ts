/** New comments and frames, before somebody has written in them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';

import type { IBox, IComment, IFrame, IPoint } from './document';
import { around } from './drawing';
import { GRID } from './geometry';

export function newComment({ x, y }: IPoint): IComment {
  return { id: UUID.uuid4(), x, y, width: 220, height: 80, text: '' };
}

/** A frame around boxes, else an empty one at a place. */
export function newFrame(boxes: readonly IBox[], place: IPoint, trans: TranslationBundle): IFrame {
  const box = around(boxes) ?? { ...place, width: 300, height: 180 };
  const room = boxes.length > 0 ? GRID : 0;
  return {
    id: UUID.uuid4(),
    x: box.x - room,
    y: box.y - 2 * room,
    width: box.width + 2 * room,
    height: box.height + 3 * room,
    title: trans.__('Frame')
  };
}
