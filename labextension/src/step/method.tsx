/** Another method in the place of one that is not registered; what is set stays. */

import type { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';

import type { IMethod } from '../api/methods';
import { DeedList } from '../params/deed';

interface IProps {
  /** What the step asks for; empty, nothing. */
  method: string;
  methods: readonly IMethod[];
  onChange: (method: string) => void;
  trans: TranslationBundle;
}

export function MethodField({ method, methods, onChange, trans }: IProps): React.JSX.Element {
  return (
    <div className="pm-Entry">
      <DeedList
        label={trans.__('Method')}
        isShown
        placeholder={
          method === '' ? trans.__('choose a method…') : trans.__('%1 (not registered)', method)
        }
        button={trans.__('Use')}
        deeds={methods.flatMap(each =>
          each.latest === null
            ? []
            : [
                {
                  group: each.module,
                  label: each.method,
                  choose: () => {
                    onChange(each.method);
                  }
                }
              ]
        )}
        trans={trans}
      />
    </div>
  );
}
