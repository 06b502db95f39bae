/** What is drawn over everything: the rubber band, the link being drawn, the minimap. */

import type { IBox, IPoint } from '../pipeline/document';
import { curveOf, traceCurve } from './curves';
import type { Engine } from './engine';
import type { Scene } from './scene';
import type { ICanvasTokens } from './tokens';

/** A link that follows the pointer; all in pixels of the canvas. */
export interface IPulledLink {
  readonly from: IPoint;
  readonly to: IPoint;
  /** Whether the pulled end is the one that takes data. */
  readonly forward: boolean;
  /** Why it cannot end here; null, it can or there is nothing here. */
  readonly reason: string | null;
  /** A port is under the pointer and takes it. */
  readonly fits: boolean;
}

const MAP = { width: 170, height: 110, margin: 12 } as const;
/** With fewer steps everything is in view anyway. */
const MAP_FROM = 8;

/** The minimap: how the drawing is mapped into it; null, it is not shown. */
export interface IMinimap extends IBox {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

export function minimapOf(engine: Engine, scene: Scene): IMinimap | null {
  if (scene.nodes.size < MAP_FROM || engine.width < 500 || engine.height < 300) {
    return null;
  }
  const all = scene.bounds();
  if (all === null || isWithin(all, engine.visible)) {
    return null;
  }
  const scale = Math.min((MAP.width - 12) / all.width, (MAP.height - 12) / all.height);
  const x = engine.width - MAP.width - MAP.margin;
  const y = engine.height - MAP.height - MAP.margin;
  return {
    x,
    y,
    width: MAP.width,
    height: MAP.height,
    scale,
    left: x + (MAP.width - all.width * scale) / 2 - all.x * scale,
    top: y + (MAP.height - all.height * scale) / 2 - all.y * scale
  };
}

/** Where everything is on screen, a map says nothing. */
function isWithin(box: IBox, seen: IBox): boolean {
  return (
    box.x >= seen.x &&
    box.y >= seen.y &&
    box.x + box.width <= seen.x + seen.width &&
    box.y + box.height <= seen.y + seen.height
  );
}

export function drawMinimap(
  context: CanvasRenderingContext2D,
  engine: Engine,
  scene: Scene,
  tokens: ICanvasTokens
): void {
  const map = minimapOf(engine, scene);
  if (map === null) {
    return;
  }
  context.save();
  context.beginPath();
  context.roundRect(map.x, map.y, map.width, map.height, 4);
  context.fillStyle = tokens.node;
  context.globalAlpha = 0.92;
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = tokens.border;
  context.lineWidth = 1;
  context.stroke();
  context.clip();
  context.fillStyle = tokens.link;
  for (const { left, top, wide, high } of scene.drawnOrder()) {
    context.fillRect(
      map.left + left * map.scale,
      map.top + top * map.scale,
      Math.max(1.5, wide * map.scale),
      Math.max(1.5, high * map.scale)
    );
  }
  const seen = engine.visible;
  context.strokeStyle = tokens.brand;
  context.lineWidth = 1.5;
  context.strokeRect(
    map.left + seen.x * map.scale,
    map.top + seen.y * map.scale,
    seen.width * map.scale,
    seen.height * map.scale
  );
  context.restore();
}

export function drawRubberBand(
  context: CanvasRenderingContext2D,
  box: IBox,
  tokens: ICanvasTokens
): void {
  context.save();
  context.globalAlpha = 0.12;
  context.fillStyle = tokens.brand;
  context.fillRect(box.x, box.y, box.width, box.height);
  context.globalAlpha = 1;
  context.strokeStyle = tokens.brand;
  context.lineWidth = 1;
  context.strokeRect(box.x + 0.5, box.y + 0.5, box.width, box.height);
  context.restore();
}

export function drawPulledLink(
  context: CanvasRenderingContext2D,
  link: IPulledLink,
  tokens: ICanvasTokens,
  width: number
): void {
  context.save();
  context.beginPath();
  traceCurve(context, link.forward ? curveOf(link.from, link.to) : curveOf(link.to, link.from));
  context.lineWidth = 2.5;
  context.strokeStyle = link.reason !== null ? tokens.error : tokens.brand;
  context.setLineDash(link.fits ? [] : [6, 4]);
  context.stroke();
  context.setLineDash([]);
  if (link.reason !== null) {
    note(context, link.reason, link.to, tokens, width);
  }
  context.restore();
}

/** A sentence beside the pointer, always inside the canvas. */
function note(
  context: CanvasRenderingContext2D,
  text: string,
  at: IPoint,
  tokens: ICanvasTokens,
  width: number
): void {
  context.font = `${tokens.titleSize}px ${tokens.font}`;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const wide = context.measureText(text).width + 20;
  const x = Math.max(4, Math.min(at.x + 14, width - wide - 4));
  const y = at.y + 16;
  context.beginPath();
  context.roundRect(x, y, wide, 28, 4);
  context.fillStyle = tokens.node;
  context.fill();
  context.strokeStyle = tokens.error;
  context.lineWidth = 1.5;
  context.stroke();
  context.fillStyle = tokens.text;
  context.fillText(text, x + 10, y + 14);
}
