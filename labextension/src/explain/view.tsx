/** An explanation on screen: sentences, and commands that can be copied. */

import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import React from 'react';

import type { IExplanation } from './explanation';
import { pieces } from './explanation';

interface IProps {
  explanation: IExplanation;
  trans: TranslationBundle;
}

export function ExplanationText({ explanation, trans }: IProps): React.JSX.Element {
  return (
    <div className="pm-Explanation-text">
      {explanation.text.map((sentence, index) => (
        <p key={index}>
          {pieces(sentence).map((piece, place) =>
            place % 2 === 1 ? <Command key={place} text={piece} trans={trans} /> : piece
          )}
        </p>
      ))}
    </div>
  );
}

function Command({ text, trans }: { text: string; trans: TranslationBundle }): React.JSX.Element {
  const [copied, setCopied] = React.useState(false);
  const label = copied ? trans.__('Copied') : trans.__('Copy %1', text);
  return (
    <span className="pm-Command">
      <code>{text}</code>
      <button
        type="button"
        className="pm-Command-copy jp-mod-minimal jp-Button"
        aria-label={label}
        title={label}
        onClick={() => {
          Clipboard.copyToSystem(text);
          setCopied(true);
        }}
      >
        {copied ? trans.__('Copied') : <copyIcon.react tag="span" width="14px" />}
      </button>
    </span>
  );
}

interface IPanelProps extends IProps {
  /** Ask again. */
  retry: () => void;
}

/** An explanation in the place of what could not be shown. */
export function ExplanationPanel({ explanation, trans, retry }: IPanelProps): React.JSX.Element {
  return (
    <section className="pm-Explanation" role="alert">
      <h2>{explanation.title}</h2>
      <ExplanationText explanation={explanation} trans={trans} />
      <button type="button" className="jp-mod-styled jp-mod-accept" onClick={retry}>
        {trans.__('Try again')}
      </button>
    </section>
  );
}
