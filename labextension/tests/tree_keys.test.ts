import { describe, expect, it } from 'vitest';

import type { ITreeLine } from '../src/screen/tree_keys';
import { treeMove, TypeAhead } from '../src/screen/tree_keys';

const LINES: ITreeLine[] = [
  { level: 1, open: true, text: 's1' },
  { level: 2, open: null, text: 'segment' },
  { level: 2, open: false, text: 'gate k=1' },
  { level: 1, open: false, text: 's2' }
];

describe('the keys of a tree', () => {
  it('walk, unfold and fold it', () => {
    const move = (key: string, at: number): unknown => treeMove(key, LINES, at);
    expect([move('ArrowDown', 0), move('ArrowUp', 1)]).toEqual([{ to: 1 }, { to: 0 }]);
    expect([move('ArrowDown', 3), move('ArrowUp', 0)]).toEqual([{ to: 3 }, { to: 0 }]);
    expect([move('Home', 2), move('End', 0)]).toEqual([{ to: 0 }, { to: 3 }]);
    expect([move('ArrowRight', 2), move('ArrowRight', 0)]).toEqual([{ fold: false }, { to: 1 }]);
    expect(move('ArrowRight', 1)).toBeNull();
    expect([move('ArrowLeft', 0), move('ArrowLeft', 2)]).toEqual([{ fold: true }, { to: 0 }]);
    expect(move('ArrowLeft', 3)).toEqual({ to: 3 });
    expect([move('x', 0), treeMove('Home', [], 0)]).toEqual([null, null]);
  });

  it('find the line that is typed', () => {
    const keys = new TypeAhead();
    const none = { ctrlKey: false, metaKey: false, altKey: false };
    let now = 0;
    const type = (key: string, at: number, later = 100): number | null =>
      keys.find({ key, ...none }, LINES, at, (now += later));
    // One letter again and again: one line after the other, and round.
    expect([type('s', 0), type('s', 1), type('s', 3)]).toEqual([1, 3, 0]);
    // A word: it stays where it has led to, until there is a pause.
    expect([type('s', 0, 5000), type('e', 1), type('g', 1)]).toEqual([1, 1, 1]);
    expect([type('G', 1, 5000), type('a', 2), type('t', 2), type('e', 2)]).toEqual([2, 2, 2, 2]);
    expect([type(' ', 2), type('k', 2), type('z', 2)]).toEqual([2, 2, null]);
    // A space alone and keys with Ctrl are none of it.
    expect(type(' ', 2, 5000)).toBeNull();
    expect(keys.find({ key: 's', ...none, ctrlKey: true }, LINES, 0)).toBeNull();
  });
});
