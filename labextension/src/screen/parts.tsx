/** Small parts that several screens show. */

import { Clipboard } from '@jupyterlab/apputils';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import React from 'react';

import type { Run } from '../api/runs';
import { CommandIDs } from '../commands';
import { explained, pieces } from '../explain/explanation';
import { ExplanationPanel } from '../explain/view';
import { MarkLabel, markOf } from '../marks/mark';
import { addressOf } from './address';
import type { Asked } from './asked';
import { useHere } from './here';

interface IShownProps<T> {
  asked: Asked<T>;
  /** What is being waited for, as in "Loading run 47…". */
  loading: string;
  children: (value: T) => React.ReactNode;
}

/** What was asked for; while it is not there, that it is coming or why it is not. */
export function Shown<T>({ asked, loading, children }: IShownProps<T>): React.JSX.Element {
  const { trans } = useHere();
  const { state } = asked;
  if (state.kind === 'loading') {
    return (
      <p className="pm-Screen-loading" role="status">
        {loading}
      </p>
    );
  }
  const again = (): void => void asked.refresh();
  if (state.kind === 'failed') {
    return (
      <ExplanationPanel explanation={explained(state.error, trans)} trans={trans} retry={again} />
    );
  }
  return (
    <>
      {state.trouble !== null && <Trouble error={state.trouble} again={again} />}
      {children(state.value)}
    </>
  );
}

interface ITroubleProps {
  error: unknown;
  again?: () => void;
}

/** One line about what went wrong, above what is still there. */
export function Trouble({ error, again }: ITroubleProps): React.JSX.Element {
  const { trans } = useHere();
  const { title, text } = explained(error, trans);
  return (
    <div className="pm-Trouble" role="alert">
      <span>
        <strong>{title}.</strong>{' '}
        {pieces(text.join(' ')).map((piece, place) =>
          place % 2 === 1 ? <code key={place}>{piece}</code> : piece
        )}
      </span>
      {again !== undefined && (
        <button type="button" className="pm-Button" onClick={again}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

interface ICommandLinkProps {
  command: string;
  args: ReadonlyPartialJSONObject;
  /** What `?pm=` would open: run-47. */
  address?: string;
  label?: string;
  /** Do this instead of opening it; false, open it all the same. */
  instead?: () => boolean;
  children: React.ReactNode;
}

/** A link to one of our screens: a click opens it here, its address opens it anywhere. */
export function CommandLink(props: ICommandLinkProps): React.JSX.Element {
  const { commands } = useHere();
  const { command, args, address, label, instead, children } = props;
  return (
    <a
      className="pm-Link"
      href={address === undefined ? '#' : addressOf(address)}
      aria-label={label}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) {
          return;
        }
        event.preventDefault();
        event.stopPropagation();
        if (instead?.() !== true) {
          void commands.execute(command, args);
        }
      }}
    >
      {children}
    </a>
  );
}

interface IRunLinkProps {
  run: number;
  method?: string | null;
  children?: React.ReactNode;
}

/**
 * Shows a run where its links stand, as a drawing does that has it; whether it could. Without, a link
 * opens the tab of the run.
 */
export const ShowsRun = React.createContext<((run: number) => boolean) | null>(null);

/** "run 47 · label_positive", opening it. */
export function RunLink({ run, method, children }: IRunLinkProps): React.JSX.Element {
  const { trans } = useHere();
  const shows = React.useContext(ShowsRun);
  const name = trans.__('run %1', run);
  return (
    <CommandLink
      command={CommandIDs.openRun}
      args={{ run }}
      address={`run-${run}`}
      instead={() => shows?.(run) === true}
    >
      {children ?? (method ? `${name} · ${method}` : name)}
    </CommandLink>
  );
}

/** "plan 12", opening it. */
export function PlanLink({ plan, name }: { plan: number; name?: string }): React.JSX.Element {
  const { trans } = useHere();
  return (
    <CommandLink command={CommandIDs.openPlan} args={{ plan }} address={`plan-${plan}`}>
      {name ?? trans.__('plan %1', plan)}
    </CommandLink>
  );
}

/** The state of a run in the words of the server: "failed: ValueError: …". */
export function RunState({ run }: { run: Run }): React.JSX.Element {
  const { marks } = useHere();
  return <MarkLabel mark={{ ...markOf(marks.run, run.state), said: run.said }} />;
}

interface IActionProps {
  label: string;
  title?: string;
  disabled?: boolean;
  danger?: boolean;
  onClick: () => void;
}

/** A button of our toolbars. */
export function Action(props: IActionProps): React.JSX.Element {
  const { label, title, disabled = false, danger = false, onClick } = props;
  return (
    <button
      type="button"
      className={danger ? 'pm-Button pm-mod-danger' : 'pm-Button'}
      title={title}
      disabled={disabled}
      onClick={onClick}
    >
      {label}
    </button>
  );
}

/** A button that copies a text, and says that it did. */
export function CopyButton({ text }: { text: string }): React.JSX.Element {
  const { trans } = useHere();
  const [copied, setCopied] = React.useState(false);
  return (
    <Action
      label={copied ? trans.__('Copied') : trans.__('Copy')}
      onClick={() => {
        Clipboard.copyToSystem(text);
        setCopied(true);
      }}
    />
  );
}

interface IChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

/** A few exclusive choices side by side. */
export function Choice<T extends string>(props: IChoiceProps<T>): React.JSX.Element {
  const { label, value, options, onChange } = props;
  return (
    <div className="pm-Choice" role="group" aria-label={label}>
      {options.map(([each, text]) => (
        <button
          key={each}
          type="button"
          className="pm-Button"
          aria-pressed={each === value}
          onClick={() => {
            onChange(each);
          }}
        >
          {text}
        </button>
      ))}
    </div>
  );
}

interface ISectionProps {
  title: string;
  /** Beside the title. */
  extra?: React.ReactNode;
  open?: boolean;
  children: React.ReactNode;
}

/** A part of a screen under a heading, which folds. */
export function Section({ title, extra, open = true, children }: ISectionProps): React.JSX.Element {
  return (
    <details className="pm-Section" open={open}>
      <summary>
        <h3>{title}</h3>
        {extra !== undefined && <span className="pm-Section-extra">{extra}</span>}
      </summary>
      <div className="pm-Section-body">{children}</div>
    </details>
  );
}

/** Names and values. */
export function Facts({
  facts
}: {
  facts: readonly (readonly [string, React.ReactNode])[];
}): React.JSX.Element {
  return (
    <dl className="pm-Facts">
      {facts
        .filter(([, value]) => value !== null && value !== '')
        .map(([name, value]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
    </dl>
  );
}

/**
 * A title of parts, as "Run 47 · gate v1 · min_height=0.7": where it is too long for a line, it goes on
 * at a part, or else at a value, rather than in the middle of one.
 */
export function Breaking({ text }: { text: string }): React.JSX.Element {
  return (
    <>
      {text.split(' · ').map((part, place) => (
        <React.Fragment key={place}>
          {place > 0 && ' · '}
          <span className="pm-Breaking">
            {part.split(/(?<==)/).map((piece, at) => (
              <React.Fragment key={at}>
                {at > 0 && <wbr />}
                {piece}
              </React.Fragment>
            ))}
          </span>
        </React.Fragment>
      ))}
    </>
  );
}
