/** Run one method now: which one, its form, and the run while it goes on. */

import React from 'react';

import type { IMethod } from '../api/methods';
import { getVersion, listMethods } from '../api/methods';
import { useAsked } from '../screen/asked';
import type { ITab } from '../screen/here';
import { useHere } from '../screen/here';
import { Shown } from '../screen/parts';
import type { IBegun } from './step_form';
import { StepForm } from './step_form';

export interface IStepArgs {
  method: string;
  /** 0 is the latest. */
  version: number;
  /** The step of a drawn pipeline that this began as; empty, none. */
  step: string;
  params: Record<string, string>;
  inputs: Record<string, string>;
  sample: string;
  [name: string]: string | number | Record<string, string>;
}

const NOTHING: IBegun = { params: {}, inputs: {}, sample: '' };

interface IProps {
  args: IStepArgs;
  tab: ITab<IStepArgs>;
}

export default function StepTab({ args, tab }: IProps): React.JSX.Element {
  const here = useHere();
  const { trans } = here;
  const [method, setMethod] = React.useState(args.method);
  const [answered, setAnswered] = React.useState(args);
  /** What the form began with, and what was kept of it since. */
  const [begun, setBegun] = React.useState(args);
  const [kept, setKept] = React.useState(args);
  if (answered !== args) {
    setAnswered(args);
    if (args !== kept) {
      // Asked for anew: with what the step has now.
      setBegun(args);
      setMethod(args.method);
    }
  }
  const methods = useAsked(
    React.useCallback(async () => {
      await here.ready();
      return await listMethods(here.api);
    }, [here])
  );
  React.useEffect(() => {
    tab.setTitle(method === '' ? trans.__('Run a method') : trans.__('Run %1', method));
  }, [tab, method, trans]);
  const version = method === begun.method ? begun.version : 0;
  /** For a reload: what was typed is there again. */
  const keep = React.useCallback(
    ({ params, inputs, sample }: IBegun): void => {
      const { step } = begun;
      const now = { step, method, version, params: { ...params }, inputs: { ...inputs }, sample };
      setKept(now);
      tab.keep(now);
    },
    [tab, begun, method, version]
  );
  return (
    <Shown asked={methods} loading={trans.__('Loading methods…')}>
      {all => (
        <div className="pm-Step">
          <h2>{method === '' ? trans.__('Run a method') : trans.__('Run %1 now', method)}</h2>
          <label className="pm-Bar">
            {trans.__('Method')}
            <select
              className="pm-Field"
              value={method}
              onChange={event => {
                setMethod(event.target.value);
              }}
            >
              <option value="">{trans.__('Choose a method')}</option>
              {all.map(each => (
                <option key={each.method} value={each.method}>
                  {each.method}
                </option>
              ))}
            </select>
          </label>
          <Chosen
            key={`${method} ${JSON.stringify([begun.params, begun.inputs])}`}
            method={all.find(each => each.method === method)}
            version={version}
            keep={keep}
            begun={method === begun.method ? begun : NOTHING}
          />
        </div>
      )}
    </Shown>
  );
}

interface IChosenProps {
  method: IMethod | undefined;
  version: number;
  begun: IBegun;
  keep: (begun: IBegun) => void;
}

function Chosen({ method, version, begun, keep }: IChosenProps): React.JSX.Element | null {
  const { trans } = useHere();
  if (method === undefined) {
    return null;
  }
  const { latest } = method;
  if (latest === null) {
    return <p className="pm-Muted">{trans.__('This method has no version yet.')}</p>;
  }
  return version === 0 || version === latest.version ? (
    <StepForm version={latest} begun={begun} keep={keep} />
  ) : (
    <OldVersion method={method.method} version={version} begun={begun} keep={keep} />
  );
}

interface IOldProps {
  method: string;
  version: number;
  begun: IBegun;
  keep: (begun: IBegun) => void;
}

function OldVersion({ method, version, begun, keep }: IOldProps): React.JSX.Element {
  const { api, trans } = useHere();
  const asked = useAsked(
    React.useCallback(() => getVersion(api, method, version), [api, method, version])
  );
  return (
    <Shown asked={asked} loading={trans.__('Loading version %1…', version)}>
      {found => <StepForm version={found} begun={begun} keep={keep} />}
    </Shown>
  );
}
