/** A lineage taken elsewhere: as text, as a drawing, as a picture. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { IMark } from '../api/marks';
import { markOf } from '../marks/mark';
import type { IGraph, LineageRun } from './graph';
import { changedOf, changedShort, clipped, filesShort } from './graph';
import type { ILayout } from './layout';
import { link, NODE } from './layout';

/** "Run 20 · label_positive v1 · field_01 · G0G1_wide". */
export function named(run: LineageRun, trans: TranslationBundle): string {
  const { together } = run;
  if (together !== undefined) {
    const many = trans._n('%1 run', '%1 runs', together.length);
    return `${many} · ${run.method} v${run.version}`;
  }
  const words = [
    trans.__('Run %1', run.run_id),
    `${run.method} v${run.version}`,
    run.sample ?? '',
    run.branch
  ];
  return words.filter(word => word !== '').join(' · ');
}

/**
 * The asked-for run as a tree of lines: what led to it, or what was made of it, or the one after the
 * other; a run that made several inputs is told once. What is not in it is said.
 */
export function textOf(graph: IGraph, marks: readonly IMark[], trans: TranslationBundle): string {
  const depths = [...graph.depth.values()];
  const onward = depths.some(depth => depth > 0);
  const backward = depths.some(depth => depth < 0) || !onward;
  const lines = [
    ...(onward && backward ? [trans.__('How it was made:')] : []),
    ...(backward ? treeOf(graph, graph.sources, marks, trans) : []),
    ...(onward && backward ? ['', trans.__('What was made of it:')] : []),
    ...(onward ? treeOf(graph, graph.readers, marks, trans) : [])
  ];
  if ([...graph.runs.values()].some(run => run.parameters === undefined)) {
    lines.push('', trans.__('Parameters were not read yet.'));
  }
  if (graph.truncated) {
    lines.push('', trans.__('It has more runs; the %1 nearest are told.', graph.runs.size));
  }
  return `${lines.join('\n')}\n`;
}

/** The lines of all that is reached one way from the asked-for run. */
function treeOf(
  graph: IGraph,
  onward: IGraph['sources'],
  marks: readonly IMark[],
  trans: TranslationBundle
): string[] {
  const lines: string[] = [];
  const told = new Set<number>();
  const walk = (id: number, lead: string, branch: string, next: string): void => {
    const run = graph.runs.get(id);
    if (run === undefined) {
      return;
    }
    const again = told.has(id);
    const said = markOf([...marks], run.state).said;
    const extra = again ? [trans.__('(above)')] : [said, ...changedOf(run)];
    lines.push(`${lead}${branch}${named(run, trans)}  ${extra.join('; ')}`);
    if (again) {
      return;
    }
    told.add(id);
    const below = onward.get(id) ?? [];
    below.forEach((each, place) => {
      const last = place === below.length - 1;
      walk(each, lead + next, last ? '└─ ' : '├─ ', last ? '   ' : '│  ');
    });
  };
  walk(graph.asked, '', '', '');
  return lines;
}

export interface IColours {
  paper: string;
  node: string;
  border: string;
  text: string;
  muted: string;
  asked: string;
  /** Of states, by the name of their token. */
  states: Record<string, string>;
}

/** The colours of the theme as it is now. */
export function coloursOf(element: Element): IColours {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim() || '#808080';
  return {
    paper: read('--jp-layout-color1'),
    node: read('--jp-layout-color1'),
    border: read('--jp-border-color1'),
    text: read('--jp-ui-font-color1'),
    muted: read('--jp-ui-font-color2'),
    asked: read('--jp-brand-color1'),
    states: {
      neutral: read('--jp-layout-color4'),
      brand: read('--jp-brand-color1'),
      success: read('--jp-success-color1'),
      info: read('--jp-info-color1'),
      warn: read('--jp-warn-color1'),
      error: read('--jp-error-color1')
    }
  };
}

const MARGIN = 24;

/** The graph as a drawing that needs nothing else: every colour inside, all text as text. */
export function svgOf(
  graph: IGraph,
  plan: ILayout,
  marks: readonly IMark[],
  colours: IColours,
  trans: TranslationBundle
): string {
  const width = plan.width + 2 * MARGIN;
  const height = plan.height + 2 * MARGIN;
  const lines = graph.edges.map(edge => {
    const from = plan.places.get(edge.source_run_id);
    const to = plan.places.get(edge.run_id);
    return from === undefined || to === undefined ? '' : link(from, to);
  });
  const nodes = [...graph.runs.values()].map(run => {
    const { x, y } = plan.places.get(run.run_id) ?? { x: 0, y: 0 };
    const mark = markOf([...marks], run.state);
    const asked = run.run_id === graph.asked;
    const lines = [changedShort(run, 28), filesShort(run, trans, 28)].filter(line => line !== '');
    return (
      `<g transform="translate(${x} ${y})"><title>${escaped(named(run, trans))}: ${escaped(mark.said)}</title>` +
      `<rect width="${NODE.width}" height="${NODE.height}" rx="6" fill="${colours.node}" ` +
      `stroke="${asked ? colours.asked : colours.border}" stroke-width="${asked ? 2.5 : 1}"/>` +
      `<rect width="5" height="${NODE.height}" rx="2" fill="${colours.states[mark.token] ?? colours.muted}"/>` +
      `<text x="14" y="20" font-weight="600" fill="${colours.text}">${escaped(clipped(`${run.method} v${run.version}`, 28))}</text>` +
      `<text x="14" y="38" fill="${colours.muted}">${escaped(clipped(second(run, marks, trans), 34))}</text>` +
      lines
        .map(
          (line, place) =>
            `<text x="14" y="${54 + 17 * place}" fill="${colours.text}" font-family="monospace">${escaped(clipped(line, 28))}</text>`
        )
        .join('') +
      '</g>'
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" font-family="sans-serif" font-size="12">` +
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="${width}" height="${height}" fill="${colours.paper}"/>` +
    `<path d="${lines.join('')}" fill="none" stroke="${colours.muted}" stroke-width="1.5"/>` +
    `${nodes.join('')}</svg>`
  );
}

/** "run 20 · field_01 · G0G1_wide", or "12 runs, 1 failed, 2 altered". */
export function second(run: LineageRun, marks: readonly IMark[], trans: TranslationBundle): string {
  const { together } = run;
  const saidOf = (state: string): string => markOf([...marks], state).said;
  if (together !== undefined) {
    const counts = new Map<string, number>();
    for (const { state } of together) {
      counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    counts.delete('completed');
    // The state that it is drawn in comes first.
    const states = [...counts].sort(
      ([a], [b]) => Number(b === run.state) - Number(a === run.state)
    );
    return [
      trans._n('%1 run', '%1 runs', together.length),
      ...states.map(([state, count]) => counted(count, saidOf(state), trans))
    ].join(', ');
  }
  const words = [trans.__('run %1', run.run_id), run.sample ?? '', run.branch];
  if (run.state !== 'completed') {
    words.push(saidOf(run.state));
  }
  return words.filter(word => word !== '').join(' · ');
}

/** "2 failed"; what is said in more than a word is not read as their number: "2 × not run". */
function counted(count: number, said: string, trans: TranslationBundle): string {
  return said.includes(' ') ? trans.__('%1 × %2', count, said) : `${count} ${said}`;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;'
};

/** Text inside XML; characters that XML cannot hold are left out. */
export function escaped(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- these are what XML 1.0 forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/[&<>"']/g, letter => ENTITIES[letter] ?? letter)
  );
}

/** Browsers draw no larger canvas than about this. */
const MOST_PIXELS = 8192;

/** The drawing as a picture, sharp on paper unless it is very large. */
export async function pngOf(
  svg: string,
  width: number,
  height: number,
  trans: TranslationBundle
): Promise<Blob> {
  const scale = Math.min(2, MOST_PIXELS / width, MOST_PIXELS / height);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return await new Promise((resolve, reject) => {
    canvas.toBlob(blob => {
      if (blob === null) {
        reject(new Error(trans.__('The browser could not make a picture of this drawing.')));
      } else {
        resolve(blob);
      }
    }, 'image/png');
  });
}
