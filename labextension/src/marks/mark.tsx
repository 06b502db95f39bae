/**
 * The mark of a state. Drawn, not typed: fonts may lack the glyphs. Colour is only the fill; the
 * outline has the colour of the text, so that a mark is told by its form.
 */

import React from 'react';

import type { IMark } from '../api/marks';

/** Forms in a box of 16 by 16. `fill` parts take the colour of the state, the others the text's. */
const FORMS: Partial<Record<string, React.JSX.Element>> = {
  '○': <circle className="pm-Mark-line" cx="8" cy="8" r="5.5" />,
  '◐': (
    <>
      <path className="pm-Mark-fill" d="M8 2.500a5.500 5.500 0 0 0 0 11z" />
      <circle className="pm-Mark-line" cx="8" cy="8" r="5.500" />
    </>
  ),
  '●': <circle className="pm-Mark-fill pm-Mark-line" cx="8" cy="8" r="5.500" />,
  '◆': <path className="pm-Mark-fill pm-Mark-line" d="M8 1.500 14.500 8 8 14.500 1.500 8z" />,
  '✕': (
    <>
      <circle className="pm-Mark-fill" cx="8" cy="8" r="7" />
      <path className="pm-Mark-line pm-Mark-inverse" d="m5 5 6 6m0-6-6 6" />
    </>
  ),
  '⊘': (
    <>
      <circle className="pm-Mark-line" cx="8" cy="8" r="5.500" />
      <path className="pm-Mark-line" d="m4.200 11.800 7.600-7.600" />
    </>
  ),
  '⊟': <path className="pm-Mark-line" d="M2.500 2.500h11v11h-11zM5 8h6" />,
  '◌': <circle className="pm-Mark-fill pm-Mark-line pm-Mark-dotted" cx="8" cy="8" r="5.500" />,
  '⚠': (
    <>
      <path className="pm-Mark-fill pm-Mark-line" d="M8 2 14.500 13.500h-13z" />
      <path className="pm-Mark-line" d="M8 6v3.500m0 1.600v.8" />
    </>
  ),
  '△': <path className="pm-Mark-fill pm-Mark-line" d="M8 2 14.500 13.500h-13z" />
};

/** The form of a glyph, in a box of 16 by 16, for drawings; null, it has none. */
export function markForm(glyph: string): React.JSX.Element | null {
  return FORMS[glyph] ?? null;
}

interface IProps {
  mark: IMark;
}

/** The form and the word of a state. */
export function MarkLabel({ mark }: IProps): React.JSX.Element {
  const form = FORMS[mark.glyph];
  return (
    <span className="pm-Mark" data-pm-token={mark.token}>
      {form === undefined ? (
        <span className="pm-Mark-glyph" aria-hidden="true">
          {mark.glyph}
        </span>
      ) : (
        <svg className="pm-Mark-form" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          {form}
        </svg>
      )}
      <span className="pm-Mark-said">{mark.said}</span>
    </span>
  );
}

/** The mark of `state`; one that this page does not know is shown by its name. */
export function markOf(marks: IMark[], state: string): IMark {
  return (
    marks.find(mark => mark.state === state) ?? { state, glyph: '?', token: 'neutral', said: state }
  );
}
