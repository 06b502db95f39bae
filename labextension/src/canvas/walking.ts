/** From one step to the next by the arrow keys, by where they are drawn. */

import type { IBox } from '../pipeline/document';
import type { Scene } from './scene';

export type Direction = 'left' | 'right' | 'up' | 'down';

export function isDirection(text: string): text is Direction {
  return text === 'left' || text === 'right' || text === 'up' || text === 'down';
}

/** What is not straight ahead counts as so much further away. */
const ASIDE = 2;

/** The nearest step in a direction; without one to begin at, the one at the top left. */
export function neighbour(scene: Scene, from: string | null, to: Direction): string | null {
  const start = from === null ? null : scene.boxOf(from);
  let best: { name: string; far: number } | null = null;
  for (const name of scene.nodes.keys()) {
    const box = name === from ? null : scene.boxOf(name);
    if (box !== null) {
      const far = start === null ? box.x + box.y : distance(start, box, to);
      if (far !== null && (best === null || far < best.far)) {
        best = { name, far };
      }
    }
  }
  return best?.name ?? null;
}

/** How far a box is in a direction, from middle to middle; null, it is not there. */
function distance(from: IBox, box: IBox, to: Direction): number | null {
  const dx = box.x + box.width / 2 - from.x - from.width / 2;
  const dy = box.y + box.height / 2 - from.y - from.height / 2;
  const along = { left: -dx, right: dx, up: -dy, down: dy }[to];
  const aside = Math.abs(to === 'left' || to === 'right' ? dy : dx);
  // Within the quarter that the arrow points into, and a little beyond.
  return along <= 0 || aside > along * ASIDE ? null : along + ASIDE * aside;
}
