import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { told } from '../../src/canvas/hover';
import type { IPoint } from '../../src/pipeline/document';
import { addStep, setBranches } from '../../src/pipeline/edits';
import type { IDrawn } from './context';
import { fakeContexts } from './context';
import type { IHand } from './hand';
import { drift, hand, SIZE } from './hand';

let drawn: IDrawn;
let at: IHand;
/** What was asked for outside of the canvas. */
let asked: string[];

beforeEach(() => {
  drawn = fakeContexts();
  asked = [];
  const note =
    (what: string) =>
    (step: string): void => {
      asked.push(`${what} ${step}`);
    };
  at = hand({
    unfold: note('unfold'),
    openFailure: note('failure'),
    openWarnings: note('warnings'),
    chooseRun: note('run'),
    editBranches: note('branches')
  });
});

afterEach(() => {
  at.canvas.dispose();
  at.model.dispose();
});

function put(name: string, x: number, y: number): void {
  at.model.commit(`add ${name}`, document =>
    addStep(document, { name, method: name.replace(/_\d+$/, '') }, { x, y })
  );
}

function point(step: string, part: Parameters<typeof at.canvas.pointOf>[1] = {}): IPoint {
  const found = at.canvas.pointOf(step, part);
  if (found === null) {
    throw new Error(`${step} is not drawn.`);
  }
  return found;
}

function texts(): string[] {
  drawn.calls = [];
  at.canvas.drawNow();
  return drawn.texts;
}

describe('the mouse', () => {
  it('opens the branches of a step where several values are tried, and no field over them', () => {
    put('segment', 100, 100);
    const axes = new Map([['work.sigma', ['0.3', '0.5']]]);
    at.model.commit('try', each => setBranches(each, 'segment', { kind: 'grid', axes }));
    at.twice(point('segment', { param: 'work.sigma' }));
    expect([at.field(), asked]).toEqual([null, ['branches segment']]);
    expect(at.model.document.steps.get('segment')?.params.size).toBe(0);
    // The key that goes to the next value passes those by.
    at.twice(point('segment', { param: 'work.minimum' }));
    at.type('40', 'Tab');
    expect(at.field()).toBeNull();
    expect(at.model.document.steps.get('segment')?.params.get('work.minimum')).toBe('40.0');
    expect(asked).toHaveLength(1);
  });

  it('moves a step to the grid, in one edit that undo takes back', () => {
    put('segment', 100, 100);
    const from = point('segment');
    at.drag(from, { x: from.x + 93, y: from.y + 41 });
    expect(at.model.document.layout.steps.get('segment')).toEqual({ x: 200, y: 140 });
    expect(at.model.undoName).toBe('move segment');
    at.model.undo();
    expect(drift(at)).toEqual([]);
  });

  it.each([
    ['left', 5, 120],
    ['right', SIZE.width - 5, SIZE.width - 220 - 20]
  ])('puts a new step at the %s edge where its ports are seen', (_, x, left) => {
    at.twice({ x, y: 300 });
    at.type('segment');
    expect(at.model.document.layout.steps.get('segment')?.x).toBe(left);
  });

  it('moves nothing farther out than it is found again', () => {
    put('segment', 0, 0);
    for (let n = 0; n < 100; n++) {
      at.canvas.view = {
        x: -(at.model.document.layout.steps.get('segment')?.x ?? 0),
        y: 0,
        scale: 0.02
      };
      at.drag(point('segment'), { x: SIZE.width, y: 0 });
      expect(drift(at)).toEqual([]);
    }
    expect(at.model.document.layout.steps.get('segment')?.x).toBe(1e6);
  });

  it('connects an output with an input, from either end', () => {
    put('segment', 0, 0);
    put('measure', 400, 0);
    const out = point('segment', { side: 'out', port: 'nuclei' });
    const into = point('measure', { side: 'in', port: 'nuclei' });
    at.drag(into, out);
    expect(at.model.undoName).toBe('connect segment to measure');
    at.model.undo();
    at.drag(out, into);
    expect(at.canvas.scene.edges).toHaveLength(1);
    expect(drift(at)).toEqual([]);
  });

  it('says why a link is refused while it is pulled, and makes none', () => {
    put('segment', 0, 0);
    put('measure', 400, 0);
    at.press(point('segment', { side: 'out', port: 'labels' }));
    at.move(point('measure', { side: 'in', port: 'nuclei' }));
    expect(at.canvas.pulled?.reason).toBe('"nuclei" takes table, "labels" is image.');
    expect(texts()).toContain('"nuclei" takes table, "labels" is image.');
    at.release(point('measure', { side: 'in', port: 'nuclei' }));
    expect(at.canvas.scene.edges).toHaveLength(0);
    expect(at.canvas.pulled).toBeNull();
  });

  it('connects to the input that fits when a link is dropped on a step', () => {
    put('segment', 0, 0);
    put('measure', 400, 0);
    at.drag(point('segment', { side: 'out', port: 'labels' }), point('measure'));
    expect(at.canvas.scene.edges[0]).toMatchObject({ output: 'labels', input: 'labels' });
  });

  it('takes a link off its input and drops it nowhere', () => {
    put('segment', 0, 0);
    put('measure', 400, 0);
    const into = point('measure', { side: 'in', port: 'nuclei' });
    at.drag(point('segment', { side: 'out', port: 'nuclei' }), into);
    at.drag(into, { x: 900, y: 700 });
    expect(at.canvas.scene.edges).toHaveLength(0);
    expect(at.model.undoName).toBe('disconnect measure.nuclei');
  });

  it('offers what fits where a link is dropped on nothing', () => {
    put('segment', 0, 0);
    at.drag(point('segment', { side: 'out', port: 'nuclei' }), { x: 700, y: 500 });
    at.type('measure');
    expect([...at.model.document.steps.keys()]).toEqual(['segment', 'measure']);
    expect(at.canvas.scene.edges).toHaveLength(1);
    expect(at.model.undoName).toBe('add measure');
  });

  it('shows all of a step that is added where a link is dropped at the edge', () => {
    put('segment', 0, 0);
    at.canvas.view = { x: 40, y: 40, scale: 1 };
    // As its panel does.
    at.model.revealed.connect((_, step) => {
      at.canvas.viewport.reveal(step);
    });
    const edge = { x: SIZE.width - 5, y: SIZE.height - 5 };
    at.drag(point('segment', { side: 'out', port: 'nuclei' }), edge);
    at.type('measure');
    const box = at.canvas.scene.boxOf('measure');
    const { x, y, scale } = at.canvas.view;
    expect(((box?.x ?? NaN) + (box?.width ?? NaN) + x) * scale).toBeLessThanOrEqual(SIZE.width);
    expect(((box?.y ?? NaN) + (box?.height ?? NaN) + y) * scale).toBeLessThanOrEqual(SIZE.height);
  });

  it('adds a step by a double click on nothing', () => {
    at.twice({ x: 600, y: 400 });
    at.type('gate');
    expect([...at.model.document.steps.keys()]).toEqual(['gate']);
    expect([...at.model.selection]).toEqual(['gate']);
  });

  it('selects several with the rubber band', () => {
    put('segment', 0, 0);
    put('measure', 400, 0);
    put('gate', 0, 500);
    at.drag({ x: -20, y: -20 }, { x: 500, y: 200 }, { shiftKey: true });
    expect([...at.model.selection]).toEqual(['segment', 'measure']);
  });

  it('pans and zooms, which is no edit', () => {
    put('segment', 0, 0);
    const before = at.canvas.view;
    at.drag({ x: 800, y: 600 }, { x: 700, y: 500 });
    expect(at.canvas.view).toEqual({ x: before.x - 100, y: before.y - 100, scale: before.scale });
    at.wheel({ x: 600, y: 400 }, -200);
    expect(at.canvas.view.scale).toBeGreaterThan(before.scale);
    expect(at.model.undoName).toBe('add segment');
  });

  it('brings a step into view, moving no further than it must', () => {
    put('segment', 0, 0);
    put('measure', 2000, 300);
    put('gate', 0, 2500);
    at.canvas.view = { x: 0, y: 0, scale: 1 };
    at.canvas.viewport.reveal('measure');
    expect(at.canvas.view).toEqual({ x: SIZE.width - 40 - 2000 - 220, y: 0, scale: 1 });
    at.canvas.viewport.reveal('measure');
    at.canvas.viewport.reveal('segment');
    expect(at.canvas.view).toEqual({ x: 40, y: 40, scale: 1 });
  });

  it('shows the whole again where it was asked for and something opens beside it', () => {
    put('segment', 0, 0);
    put('measure', 2000, 300);
    at.canvas.viewport.showAll();
    const seen = (): boolean => {
      const box = at.canvas.scene.boxOf('measure');
      const { x, scale } = at.canvas.view;
      return ((box?.x ?? NaN) + (box?.width ?? NaN) + x) * scale <= SIZE.width / 2;
    };
    expect(seen()).toBe(false);
    const half = { ...SIZE, width: SIZE.width / 2 };
    at.resize(half);
    expect(seen()).toBe(true);
    // Once it is moved by hand it is somebody's own view.
    at.resize(SIZE);
    at.wheel({ x: 600, y: 400 }, -200);
    const { scale } = at.canvas.view;
    at.resize(half);
    expect(at.canvas.view.scale).toBe(scale);
  });

  it.each(['a step', 'the drawing', 'a rubber band', 'a link'])(
    'does not drag %s by the line that the bar above takes under the hand',
    what => {
      put('segment', 100, 100);
      put('measure', 600, 100);
      const step = point('segment');
      const bare = { x: 300, y: 600 };
      const from = {
        'a step': step,
        'a link': point('segment', { side: 'out', port: 'nuclei' })
      }[what];
      at.press(from ?? bare, { shiftKey: what === 'a rubber band' });
      at.lower(40, { ...SIZE, height: SIZE.height - 40 });
      const still = point('segment');
      const { view } = at.canvas;
      at.move(from ?? bare);
      expect([still, point('segment')]).toEqual([step, step]);
      expect(at.canvas.view).toEqual(view);
      const into = point('measure', { side: 'in', port: 'nuclei' });
      const to = what === 'a link' ? into : { x: bare.x + 100, y: bare.y + 20 };
      at.move(to);
      at.release(to);
      const { steps } = at.model.document.layout;
      if (what === 'a step') {
        expect(steps.get('segment')).toEqual({
          x: 100 + Math.round((to.x - step.x) / 20) * 20,
          y: 100 + Math.round((to.y - step.y) / 20) * 20
        });
      } else {
        expect(steps.get('segment')).toEqual({ x: 100, y: 100 });
      }
      expect(at.canvas.scene.edges).toHaveLength(what === 'a link' ? 1 : 0);
      const moved = what === 'the drawing' ? { x: step.x + 100, y: step.y + 20 } : step;
      expect(what === 'a step' ? moved : point('segment')).toEqual(moved);
    }
  );

  it('moves nothing where what was pressed opens another tab over the canvas', () => {
    put('segment', 100, 100);
    at.lower(175, SIZE);
    const { view } = at.canvas;
    at.click(point('segment'));
    at.lower(0, { width: 0, height: 0 });
    expect(at.canvas.view).toEqual(view);
    at.lower(175, SIZE);
    expect(at.canvas.view).toEqual(view);
  });

  describe('where the bar above takes a line and gives it back', () => {
    const lowered = { ...SIZE, height: SIZE.height - 40 };
    /** The time since a press may be that of a second click, or more. */
    let now = 0;

    beforeEach(() => {
      put('segment', 100, 100);
      put('measure', 600, 100);
      at.lower(60, SIZE);
      now = 10_000;
      vi.spyOn(performance, 'now').mockImplementation(() => now);
    });

    it('shows what is pressed at the upper edge, once no hand is there', async () => {
      at.canvas.view = { x: 0, y: -90, scale: 1 };
      at.click(point('segment'));
      const place = point('segment');
      at.lower(100, lowered);
      expect(point('segment')).toEqual(place);
      now += 1000;
      await expect.poll(() => at.canvas.view.y).toBeGreaterThanOrEqual(-100);
    });

    it('counts from the press what lowers it under the hand', () => {
      // As by a line above that came as one below went.
      at.put(90, SIZE);
      const place = point('segment');
      at.press(place);
      at.lower(130, lowered);
      expect(point('segment')).toEqual(place);
      at.release(place);
      expect(at.model.document.layout.steps.get('segment')).toEqual({ x: 100, y: 100 });
    });

    it('leaves what is about to be edited under its field', () => {
      const { view } = at.canvas;
      const param = point('segment', { param: 'work.sigma' });
      at.click(param);
      at.twice(param);
      expect(at.field()).not.toBeNull();
      at.lower(100, lowered);
      expect(at.canvas.view).toEqual(view);
      // Nor does anything go back that did not go.
      at.type('2');
      now += 1000;
      at.lower(60, SIZE);
      expect(at.canvas.view).toEqual(view);
    });

    it.each(['by the same hand', 'by another'])(
      'is drawn where it was after any number of them, given back %s',
      whose => {
        const { view } = at.canvas;
        for (let times = 0; times < 5; times++) {
          at.click(point('segment'));
          at.lower(100, lowered);
          expect(at.canvas.view.y).toBe(view.y - 40);
          now += whose === 'by another' ? 1000 : 0;
          at.lower(60, SIZE);
          expect(at.canvas.view).toEqual(view);
          now += 1000;
          // One that comes under no hand moves it neither there nor back.
          at.lower(100, lowered);
          at.lower(60, SIZE);
          expect(at.canvas.view).toEqual(view);
        }
        // Nor does another place for the whole.
        at.lower(400, lowered);
        at.lower(60, SIZE);
        expect(at.canvas.view).toEqual(view);
      }
    );

    it('gives back in parts, and no more than was taken', () => {
      const { view } = at.canvas;
      at.click(point('segment'));
      at.lower(100, lowered);
      now += 1000;
      at.lower(80, SIZE);
      expect(at.canvas.view.y).toBe(view.y - 20);
      at.lower(90, SIZE);
      expect(at.canvas.view.y).toBe(view.y - 20);
      at.lower(0, SIZE);
      expect(at.canvas.view).toEqual(view);
      // The other way: a line that goes under a hand, and comes again.
      at.click(point('segment'));
      at.lower(-40, SIZE);
      expect(at.canvas.view.y).toBe(view.y + 40);
      now += 1000;
      at.lower(60, SIZE);
      expect(at.canvas.view).toEqual(view);
    });
  });

  describe('of a drawing that is shown whole at first', () => {
    const half = { ...SIZE, width: SIZE.width / 2 };
    const isSeen = (step: string): boolean => {
      const box = at.canvas.scene.boxOf(step);
      const { x, scale } = at.canvas.view;
      const left = ((box?.x ?? NaN) + x) * scale;
      return left >= 0 && left + (box?.width ?? NaN) * scale <= at.canvas.node.clientWidth;
    };

    beforeEach(() => {
      at.canvas.dispose();
      at.model.dispose();
      at = hand(undefined, { width: 0, height: 0 });
      put('segment', 0, 0);
      put('measure', 1000, 300);
      at.model.select([]);
      at.resize(SIZE);
    });

    it('shows the whole again where something opens beside it, and keeps no view of its own', () => {
      expect([isSeen('segment'), isSeen('measure')]).toEqual([true, true]);
      at.resize(half);
      expect([isSeen('segment'), isSeen('measure')]).toEqual([true, true]);
      expect(at.canvas.viewport.chosen).toBeNull();
      // A line below it takes nothing out of view, and moves nothing.
      const { view } = at.canvas;
      at.resize({ ...half, height: SIZE.height - 30 });
      expect(at.canvas.view).toEqual(view);
      at.wheel({ x: 300, y: 400 }, -200);
      expect(at.canvas.viewport.chosen).toEqual(at.canvas.view);
      at.canvas.viewport.showAll();
      expect(at.canvas.viewport.chosen).toBeNull();
    });

    it('moves nothing under a hand that presses, nor before a second click, nor under a field', async () => {
      const { view } = at.canvas;
      const place = point('segment');
      at.press(place);
      // As by the first selection, which opens the panel beside it.
      at.resize(half);
      at.move({ x: place.x + 1, y: place.y });
      at.release({ x: place.x + 1, y: place.y });
      expect([at.model.undoName, at.canvas.view]).toEqual(['add measure', view]);
      at.twice(point('segment', { param: 'work.sigma' }));
      expect(at.field()).not.toBeNull();
      await new Promise(resolve => setTimeout(resolve, 1200));
      expect(at.canvas.view).toEqual(view);
      at.type('2');
      await expect.poll(() => isSeen('measure')).toBe(true);
      expect(at.model.document.layout.steps.get('segment')).toEqual({ x: 0, y: 0 });
    });
  });

  it('changes nothing of a plan that is looked at', () => {
    put('segment', 0, 0);
    at.model.openDocument({ format: 2, steps: { segment: { method: 'segment' } } });
    const from = point('segment');
    at.drag(from, { x: from.x + 100, y: from.y });
    at.twice({ x: 900, y: 700 });
    expect(at.field()).toBeNull();
    expect(drift(at)).toEqual([]);
  });
});

describe('the arrow keys', () => {
  it('walk from step to step as they are drawn, and move what is selected', () => {
    put('segment', 0, 0);
    put('measure', 400, 60);
    put('gate', 400, 500);
    at.model.select([]);
    const walked = (...ways: ('left' | 'right' | 'up' | 'down')[]): string[] =>
      ways.map(way => {
        at.canvas.deeds.walk(way);
        return [...at.model.selection].join();
      });
    expect(walked('right', 'right', 'down', 'up', 'left')).toEqual([
      'segment',
      'measure',
      'gate',
      'measure',
      'segment'
    ]);
    // There is nothing further to the left.
    expect(walked('left')).toEqual(['segment']);
    at.canvas.deeds.nudge(0, 1);
    expect(at.model.document.layout.steps.get('segment')).toEqual({ x: 0, y: 20 });
    // Nothing is selected, or nothing can be moved: another step is.
    at.model.select([]);
    at.canvas.deeds.nudge(1, 0);
    expect([...at.model.selection]).toEqual(['segment']);
    expect(at.model.undoName).toBe('move 1 things');
  });
});

describe('comments and frames', () => {
  const notes = (): { x: number; y: number }[] => {
    const { frames, comments } = at.model.document.layout;
    return [...frames, ...comments].map(({ x, y }) => ({ x, y }));
  };

  it('are moved by the arrow keys, and left when a step is walked to', () => {
    put('segment', 0, 0);
    at.model.select([]);
    at.canvas.deeds.addComment();
    at.type('why', 'Escape');
    const [before] = notes();
    at.canvas.deeds.nudge(1, 0);
    at.canvas.deeds.nudge(0, 1);
    expect(notes()).toEqual([{ x: (before?.x ?? 0) + 20, y: (before?.y ?? 0) + 20 }]);
    expect([...at.model.selection]).toEqual([]);
    at.canvas.deeds.walk('left');
    expect([...at.model.selection]).toEqual(['segment']);
    at.canvas.deeds.deleteSelection();
    expect([at.model.document.steps.size, notes().length]).toEqual([0, 1]);
    expect(drift(at)).toEqual([]);
  });

  it('are found, named and deleted by keys', () => {
    at.canvas.deeds.addFrame();
    at.type('outer');
    at.canvas.deeds.addComment();
    at.type('why', 'Escape');
    at.canvas.deeds.cancel();
    at.canvas.deeds.walkNotes(false);
    const [first] = at.canvas.scene.notes;
    at.canvas.deeds.walkNotes(false);
    const [second] = at.canvas.scene.notes;
    at.canvas.deeds.walkNotes(true);
    expect(at.canvas.scene.notes).toEqual(new Set([first]));
    expect(second).not.toBe(first);
    at.canvas.deeds.walkNotes(false);
    at.canvas.deeds.walkNotes(false);
    expect(at.canvas.scene.notes).toEqual(new Set([first]));
    at.canvas.deeds.editTitle();
    expect(at.field()).not.toBeNull();
    at.field()?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    at.canvas.deeds.deleteSelection();
    expect(notes()).toHaveLength(1);
  });

  it('are pushed apart from steps in the list of what undo takes back', () => {
    put('segment', 0, 0);
    put('measure', 400, 0);
    at.model.select(['segment']);
    at.canvas.deeds.nudge(1, 0);
    at.canvas.deeds.nudge(1, 0);
    at.model.select(['measure']);
    at.canvas.deeds.nudge(1, 0);
    at.model.undo();
    const { steps } = at.model.document.layout;
    expect([steps.get('segment')?.x, steps.get('measure')?.x]).toEqual([40, 400]);
  });
});

describe('editing in place', () => {
  it('gives what is typed to a key that saves the whole, and stays', () => {
    put('segment', 0, 0);
    at.twice(point('segment', { param: 'work.sigma' }));
    const heard: string[] = [];
    const listen = (event: KeyboardEvent): void => {
      const value = at.model.document.steps.get('segment')?.params.get('work.sigma');
      heard.push(`${event.key} ${value ?? ''}`);
    };
    document.addEventListener('keydown', listen);
    const press = (key: string): void => {
      at.field()?.dispatchEvent(
        new KeyboardEvent('keydown', { key, ctrlKey: true, bubbles: true, cancelable: true })
      );
    };
    const input = at.field();
    Object.assign(input ?? {}, { value: '2.5' });
    press('s');
    press('z');
    Object.assign(input ?? {}, { value: 'no number' });
    press('s');
    document.removeEventListener('keydown', listen);
    expect(heard).toEqual(['s 2.5']);
    expect(at.field()?.getAttribute('aria-invalid')).toBe('true');
    expect(at.model.undoName).toBe('set sigma');
  });

  it('sets a value as it is meant, and says what cannot be', () => {
    put('segment', 0, 0);
    at.twice(point('segment', { param: 'work.sigma' }));
    at.type('wide');
    expect(at.field()?.getAttribute('aria-invalid')).toBe('true');
    at.type('2');
    expect(at.model.document.steps.get('segment')?.params.get('work.sigma')).toBe('2.0');
    expect(at.model.undoName).toBe('set sigma');
  });

  it('leaves everything as it was on Escape', () => {
    put('segment', 0, 0);
    at.twice(point('segment', { param: 'work.sigma' }));
    at.type('5', 'Escape');
    expect(at.field()).toBeNull();
    expect(at.model.undoName).toBe('add segment');
  });

  it('resets a value that is emptied', () => {
    put('segment', 0, 0);
    at.twice(point('segment', { param: 'work.sigma' }));
    at.type('5');
    at.twice(point('segment', { param: 'work.sigma' }));
    at.type('');
    expect(at.model.document.steps.get('segment')?.params.size).toBe(0);
  });

  it('types the value of an input at its port', () => {
    put('gate', 200, 200);
    at.click(point('gate', { side: 'in', port: 'cutoff' }));
    at.type('a value');
    at.type('wide');
    expect(at.field()?.getAttribute('aria-invalid')).toBe('true');
    at.type('0.7');
    const binding = at.model.document.steps.get('gate')?.inputs.get('cutoff');
    expect(binding).toEqual({ kind: 'value', text: '0.7' });
    expect(at.model.undoName).toBe('data for cutoff');
  });

  it('titles a step', () => {
    put('segment', 0, 0);
    at.twice(point('segment'));
    at.type('Find the nuclei');
    expect(texts()).toContain('Find the nuclei');
  });
});

describe('the drawing', () => {
  it('shows title, version, ports, values and module', () => {
    put('segment', 0, 0);
    const shown = texts();
    for (const text of [
      'segment',
      'latest (v2)',
      'image',
      'nuclei',
      'sigma',
      '1.0',
      'segmentation'
    ]) {
      expect(shown).toContain(text);
    }
  });

  it('shows how far each step is', () => {
    put('segment', 0, 0);
    const counts = { completed: 10, reused: 6, waiting: 8, failed: 2 };
    // A retry an hour later: the time in between is nobody's work.
    const times = {
      startedAt: '2026-01-01T10:00:00Z',
      finishedAt: '2026-01-01T11:00:42Z',
      idle: 3600
    };
    const state = { counts, ...times, warned: 4, erred: 0 };
    at.model.setStates(new Map([['segment', state]]));
    for (const text of ['2 failed', '0:42', '4']) {
      expect(texts()).toContain(text);
    }
    expect(texts().some(text => text.startsWith('16 of 26'))).toBe(true);
    // Which of its runs warned is not to be seen in their list.
    at.click(point('segment', { part: 'levels' }));
    expect(asked).toEqual(['warnings segment']);
    const about = { model: at.model, scene: at.canvas.scene, trans: nullTranslator.load('') };
    expect(told({ kind: 'levels', step: 'segment' }, about)).toBe(
      '4 runs logged warnings\nShow these entries'
    );
    expect(told({ kind: 'progress', step: 'segment' }, about)).toContain('Show its runs');
  });

  it('leaves out what cannot be read from afar', () => {
    put('segment', 0, 0);
    at.canvas.view = { x: 0, y: 0, scale: 0.3 };
    expect(texts()).toEqual(['segment']);
    at.canvas.view = { x: 0, y: 0, scale: 0.1 };
    expect(texts()).toEqual([]);
  });

  it('draws nothing that is not on screen', () => {
    put('segment', 0, 0);
    at.canvas.view = { x: -5000, y: 0, scale: 1 };
    expect(texts()).toEqual([]);
  });

  it('leaves no listener behind', () => {
    const counts = new Map<string, number>();
    const count = (by: number) => (type: string) => {
      counts.set(type, (counts.get(type) ?? 0) + by);
    };
    const added = vi.spyOn(document, 'addEventListener').mockImplementation(count(1));
    const removed = vi.spyOn(document, 'removeEventListener').mockImplementation(count(-1));
    for (let n = 0; n < 5; n++) {
      const other = hand();
      other.canvas.dispose();
      other.model.dispose();
    }
    added.mockRestore();
    removed.mockRestore();
    expect([...counts].filter(([, count]) => count > 0)).toEqual([]);
  });
});

/** Numbers that look random and are the same every time. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return sides => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const GESTURES = 400;

describe.each([1, 2, 3, 4])('hundreds of gestures (%i)', seed => {
  it('never make the canvas show anything but the document, nor do undo and redo', () => {
    const roll = dice(seed);
    const start = at.model.document;
    const anywhere = (): IPoint => ({ x: roll(SIZE.width), y: roll(SIZE.height) });
    const someStep = (): string | undefined => {
      const names = [...at.model.document.steps.keys()];
      return names[roll(names.length)];
    };
    const somePort = (side: 'in' | 'out'): IPoint => {
      const node = at.canvas.scene.nodes.get(someStep() ?? '');
      const names = (side === 'in' ? node?.form.inputs : node?.form.outputs) ?? [];
      const port = names[roll(names.length)];
      const found =
        node === undefined || port === undefined
          ? null
          : at.canvas.pointOf(node.step.name, { side, port });
      return found ?? anywhere();
    };
    const onStep = (): IPoint => at.canvas.pointOf(someStep() ?? '') ?? anywhere();
    const closeField = (): void => {
      if (at.field() !== null) {
        at.type('', 'Escape');
      }
    };
    const gestures: (() => void)[] = [
      () => {
        const method = ['segment', 'measure', 'summary', 'gate'][roll(4)] ?? '';
        at.twice(anywhere());
        if (at.field()?.getAttribute('role') === 'combobox') {
          at.type(method);
        }
      },
      () => {
        at.drag(onStep(), anywhere());
      },
      () => {
        at.drag(somePort('out'), somePort('in'));
      },
      () => {
        at.drag(somePort('in'), somePort('out'));
      },
      () => {
        at.drag(somePort('in'), anywhere());
      },
      () => {
        at.drag(anywhere(), anywhere(), { shiftKey: true });
      },
      () => {
        at.click(onStep(), { ctrlKey: roll(2) === 0 });
      },
      () => {
        at.drag(anywhere(), anywhere());
      },
      () => {
        at.wheel(anywhere(), roll(400) - 200);
      },
      () => {
        const step = someStep();
        const param = at.canvas.scene.nodes.get(step ?? '')?.form.params[0]?.param;
        if (step !== undefined && param !== undefined) {
          at.canvas.deeds.editParam(step, param);
          at.type(String(roll(100)));
        }
      },
      () => {
        at.model.undo();
      },
      () => {
        at.model.redo();
      },
      () => {
        if (roll(4) === 0) {
          at.canvas.deeds.deleteSelection();
        }
      },
      () => {
        at.canvas.deeds.nudge(roll(3) - 1, roll(3) - 1);
      },
      () => {
        if (roll(3) === 0) {
          at.canvas.deeds.addFrame();
          closeField();
        } else {
          at.canvas.deeds.addComment();
          at.type(`note ${roll(100)}`, 'Escape');
        }
      },
      () => {
        at.press(onStep());
        at.move(anywhere());
        at.canvas.deeds.cancel();
      },
      () => {
        at.canvas.deeds.walk((['left', 'right', 'up', 'down'] as const)[roll(4)] ?? 'left');
      },
      () => {
        at.click(roll(2) === 0 ? onStep() : anywhere(), { button: 2 });
      },
      () => {
        // By a corner: a frame or a comment is made larger, elsewhere something is moved.
        const { frames, comments } = at.model.document.layout;
        const notes = [...frames, ...comments];
        const note = notes[roll(notes.length)];
        const { x, y, scale } = at.canvas.view;
        const corner =
          note === undefined
            ? anywhere()
            : {
                x: (note.x + note.width - 4 + x) * scale,
                y: (note.y + note.height - 4 + y) * scale
              };
        at.drag(corner, anywhere());
      },
      () => {
        // Taken back in the middle of a gesture.
        at.press(roll(2) === 0 ? onStep() : somePort('out'));
        at.move(anywhere());
        at.model.undo();
        at.move(anywhere());
        at.release(anywhere());
      },
      () => {
        if (roll(4) === 0) {
          at.model.select(at.model.document.steps.keys());
        } else {
          at.canvas.viewport.zoomToSelection();
        }
      }
    ];
    for (let n = 0; n < GESTURES; n++) {
      gestures[roll(gestures.length)]?.();
      closeField();
      expect(drift(at), `after gesture ${n}`).toEqual([]);
    }
    const undoAll = (): number => {
      let steps = 0;
      for (; at.model.undoName !== null; steps++) {
        at.model.undo();
        expect(drift(at)).toEqual([]);
      }
      return steps;
    };
    const redoAll = (): void => {
      while (at.model.redoName !== null) {
        at.model.redo();
      }
    };
    redoAll();
    const last = at.model.document;
    const steps = undoAll();
    expect(at.model.document).toBe(start);
    expect(steps).toBeGreaterThan(20);
    redoAll();
    expect(at.model.document).toBe(last);
    expect(drift(at)).toEqual([]);
  });
});
