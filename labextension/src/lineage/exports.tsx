/** Take a lineage elsewhere: as text, Mermaid, SVG or PNG. */

import React from 'react';

import { getMermaid } from '../api/runs';
import { useHere } from '../screen/here';
import { Action, Trouble } from '../screen/parts';
import { save } from '../screen/save';
import type { Directions } from './ask';
import { MOST } from './ask';
import { copy } from '../screen/copy';
import { coloursOf, pngOf, svgOf, textOf } from './export';
import type { IGraph } from './graph';
import { layout } from './layout';

interface IProps {
  graph: IGraph;
  /** As it is on screen, with alike runs together or apart: pictures are of that. */
  drawn: IGraph;
  directions: Directions;
}

export function Exports({ graph, drawn: shown, directions }: IProps): React.JSX.Element {
  const { api, marks, trans } = useHere();
  const [said, setSaid] = React.useState('');
  const [error, setError] = React.useState<unknown>(null);
  const bar = React.useRef<HTMLDivElement>(null);

  const drawn = (): { svg: string; width: number; height: number } => {
    const plan = layout(shown);
    const svg = svgOf(shown, plan, marks.run, coloursOf(bar.current ?? document.body), trans);
    return { svg, width: plan.width + 48, height: plan.height + 48 };
  };
  const attempt = (work: () => Promise<string>): void => {
    setError(null);
    work().then(setSaid, setError);
  };
  const name = `lineage-${graph.asked}`;

  return (
    <div ref={bar} className="pm-Bar" role="group" aria-label={trans.__('Copy or save')}>
      <span role="status">{said}</span>
      <Action
        label={trans.__('Copy as text')}
        onClick={() => {
          attempt(() => Promise.resolve(copy(textOf(graph, marks.run, trans), trans)));
        }}
      />
      <Action
        label={trans.__('Copy as Mermaid')}
        onClick={() => {
          attempt(async () => {
            // As many runs as are shown, each way.
            const limit = Math.min(MOST, Math.max(1, graph.runs.size));
            const asked = { direction: directions, limit, details: true };
            return copy(await getMermaid(api, graph.asked, asked), trans);
          });
        }}
      />
      <Action
        label={trans.__('Save SVG')}
        onClick={() => {
          attempt(() => {
            save(`${name}.svg`, new Blob([drawn().svg], { type: 'image/svg+xml' }));
            return Promise.resolve(trans.__('Saved.'));
          });
        }}
      />
      <Action
        label={trans.__('Save PNG')}
        onClick={() => {
          attempt(async () => {
            const { svg, width, height } = drawn();
            save(`${name}.png`, await pngOf(svg, width, height, trans));
            return trans.__('Saved.');
          });
        }}
      />
      {error !== null && <Trouble error={error} />}
    </div>
  );
}
