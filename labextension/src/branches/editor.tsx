/** Branches of one step: every combination of values (grid), named ones (form), or a list. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import { Choice } from '../params/choice';
import type { INamedParam } from '../params/form';
import { SeveralField } from '../params/several';
import type { Branches } from '../pipeline/document';
import { BranchForms } from './forms';
import { BranchList } from './list';
import { AddParam, GoneParam } from './parts';
import type { BranchKind } from './sets';
import { as, count, MAX_BRANCHES, orNone } from './sets';

interface IProps {
  branches: Branches | null;
  params: readonly INamedParam[];
  /** What the server says of the branches. */
  problems?: readonly string[];
  /** Called with each change, and what it is called. */
  onChange: (branches: Branches | null, said: string) => void;
  trans: TranslationBundle;
}

export function BranchesEditor(props: IProps): React.JSX.Element {
  const { branches, params, problems = [], onChange, trans } = props;
  const [kind, setKind] = React.useState<BranchKind>(branches?.kind ?? 'grid');
  const shown = branches?.kind === kind ? branches : as(kind, branches);
  const labels: [BranchKind, string][] = [
    ['grid', trans.__('Grid')],
    ['named', trans.__('Form')],
    ['listed', trans.__('List')]
  ];
  const change = (next: Branches, said: string): void => {
    onChange(orNone(next), said);
  };
  const total = count(branches);
  return (
    <div className="pm-Branches">
      <p className="pm-Hint">{explained(kind, trans)}</p>
      <div className="pm-Row" role="group" aria-label={trans.__('Branches as')}>
        {labels.map(([each, label]) => (
          <Choice
            key={each}
            label={label}
            chosen={each === kind}
            choose={() => {
              setKind(each);
            }}
          />
        ))}
      </div>
      {shown.kind === 'grid' && (
        <GridEditor axes={shown.axes} params={params} onChange={change} trans={trans} />
      )}
      {shown.kind === 'named' && (
        <BranchForms members={shown.members} params={params} onChange={change} trans={trans} />
      )}
      {shown.kind === 'listed' && (
        <BranchList members={shown.members} params={params} onChange={change} trans={trans} />
      )}
      <p role="status" className="pm-Branches-count">
        {countText(branches, trans)}
      </p>
      {[...problems, ...(total > MAX_BRANCHES ? [tooMany(trans)] : [])].map(sentence => (
        <p key={sentence} className="pm-Fault" role="alert">
          {sentence}
        </p>
      ))}
      {branches !== null && (
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            onChange(null, trans.__('Remove branches'));
          }}
        >
          {trans.__('Do not branch here')}
        </button>
      )}
    </div>
  );
}

function explained(kind: BranchKind, trans: TranslationBundle): string {
  switch (kind) {
    case 'grid':
      return trans.__('Give a parameter several values: every combination becomes a branch.');
    case 'named':
      return trans.__('Give each branch a name and the values that it sets.');
    case 'listed':
      return trans.__('One row, one branch; an empty field sets nothing.');
  }
}

/** "2 × 3 = 6 branches". */
export function countText(branches: Branches | null, trans: TranslationBundle): string {
  const total = count(branches);
  if (total === 0) {
    return trans.__('This step does not branch.');
  }
  const text = trans._n('%1 branch', '%1 branches', total);
  const sizes = branches?.kind === 'grid' ? [...branches.axes.values()].map(v => v.length) : [];
  return sizes.length > 1 ? `${sizes.join(' × ')} = ${text}` : text;
}

function tooMany(trans: TranslationBundle): string {
  return trans.__('At most %1 branches are possible; try fewer values.', MAX_BRANCHES);
}

interface IGridProps {
  axes: ReadonlyMap<string, readonly string[]>;
  params: readonly INamedParam[];
  onChange: (branches: Branches, said: string) => void;
  trans: TranslationBundle;
}

function GridEditor({ axes, params, onChange, trans }: IGridProps): React.JSX.Element {
  // A parameter that was just added has no value yet, so the document cannot hold it.
  const [added, setAdded] = React.useState<readonly string[]>([]);
  const names = [...new Set([...axes.keys(), ...added])];
  const [newest, setNewest] = React.useState<string | null>(null);
  const set = (name: string, values: readonly string[] | null): void => {
    const next = new Map(axes);
    if (values === null || values.length === 0) {
      next.delete(name);
    } else {
      next.set(name, values);
    }
    setAdded(
      values === null ? added.filter(each => each !== name) : [...new Set([...added, name])]
    );
    onChange({ kind: 'grid', axes: next }, trans.__('Try several values of %1', name));
  };
  return (
    <>
      {names.map(name => {
        const found = params.find(each => each.name === name);
        return found === undefined ? (
          <GoneParam
            key={name}
            name={name}
            remove={() => {
              set(name, null);
            }}
            trans={trans}
          />
        ) : (
          <SeveralField
            key={name}
            name={name}
            param={found.param}
            values={axes.get(name) ?? []}
            begin={name === newest}
            onChange={values => {
              set(name, values);
            }}
            trans={trans}
          />
        );
      })}
      <AddParam
        params={params.filter(each => !names.includes(each.name))}
        add={name => {
          setAdded([...added, name]);
          setNewest(name);
        }}
        trans={trans}
      />
    </>
  );
}
