/** Where the code that a run executed is linked to: the files of its version, as they were committed. */

import React from 'react';

import type { Run } from '../api/runs';
import { CommandIDs } from '../commands';
import { useHere } from '../screen/here';
import { CommandLink } from '../screen/parts';

type Coded = Pick<Run, 'method' | 'version' | 'commit' | 'tag'>;

/** "4f3a9c1 · label_positive/v2", opening the code at that commit. */
export function CodeLink({ run }: { run: Coded }): React.JSX.Element {
  const { trans } = useHere();
  const { method, version, commit, tag } = run;
  return (
    <>
      <CommandLink
        command={CommandIDs.openCode}
        args={{ method, version }}
        address={`code-${version}-${method}`}
        label={trans.__('Code of %1 v%2 at commit %3', method, version, commit.slice(0, 10))}
      >
        <code title={commit}>{commit.slice(0, 10)}</code>
      </CommandLink>{' '}
      · {tag}
    </>
  );
}
