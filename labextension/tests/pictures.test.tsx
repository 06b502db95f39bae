import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { createRoot } from 'react-dom/client';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { Api } from '../src/api/api';
import type { Picture } from '../src/api/files';
import { captionOf } from '../src/runs/caption';
import { Few, NotWanted } from '../src/runs/few';
import { shapeOfFile } from '../src/runs/kinds';
import { Preview } from '../src/runs/previews';
import { Here, HereContext } from '../src/screen/here';
import type { IAnswer } from './server';
import { REFUSAL, server } from './server';
import { Told } from './told';

const trans = nullTranslator.load('');

const PICTURE: Picture = {
  run_id: 47,
  path: 'tiles/a b.tif',
  plane: 1,
  planes: 1,
  width: 2048,
  height: 1024,
  bits: 16,
  numbers: 'unsigned',
  colours: 'grey',
  shown_width: 2048,
  shown_height: 1024,
  least: '0',
  most: '57',
  stretched: ['0', '57'],
  png: 'iVBORw0KGgo='
};

describe('the caption of a picture', () => {
  const said = (changes: Partial<Picture>): string => captionOf({ ...PICTURE, ...changes }, trans);

  it('says size, bits and what became of the contrast', () => {
    expect(said({})).toBe('2048 × 1024 · 16 bit · contrast stretched 0–57');
    expect(said({ stretched: null, bits: 8 })).toBe('2048 × 1024 · 8 bit');
  });

  it('says which values are beyond black and white', () => {
    expect(said({ least: '90', most: '65535', stretched: ['103', '4211'] })).toBe(
      '2048 × 1024 · 16 bit · contrast stretched 103–4211 of 90–65535'
    );
    expect(said({ numbers: 'signed', least: '-5', most: '5', stretched: ['-5', '5'] })).toBe(
      '2048 × 1024 · 16 bit signed · contrast stretched -5 to 5'
    );
  });

  it('says which plane it is and that it was made smaller', () => {
    expect(said({ plane: 3, planes: 12, shown_width: 1024, shown_height: 512 })).toBe(
      'plane 3 of 12 · 2048 × 1024 · 16 bit · contrast stretched 0–57 · reduced to 1024 × 512'
    );
  });

  it('says what labels, colours and numbers of other kinds are', () => {
    expect(said({ colours: 'labels', stretched: null })).toBe(
      '2048 × 1024 · 16 bit · labels up to 57, coloured'
    );
    expect(said({ colours: 'rgb', bits: 8, stretched: null })).toBe('2048 × 1024 · 8 bit RGB');
    expect(said({ colours: 'palette', stretched: null })).toContain('16 bit, with a palette');
    expect(said({ numbers: 'float', bits: 32 })).toContain('32 bit float');
    expect(said({ numbers: 'complex', bits: 64 })).toContain('of 64 bit complex numbers');
  });

  it('says where there is nothing to see', () => {
    expect(said({ least: '7', most: '7', stretched: ['0', '7'] })).toContain('every pixel is 7');
    expect(said({ least: null, most: null, stretched: null })).toContain('no pixel has a value');
  });
});

it('images that browsers do not show are drawn, whatever their ending', () => {
  const names = ['a.tif', 'b.ome.TIFF', 'c.btf', 'd.lsm', 'd.stk', 'e.npy', 'f.png', 'g.tiff.txt'];
  expect(names.map(shapeOfFile)).toEqual([...Array<string>(6).fill('drawn'), 'image', 'text']);
});

const opened: (() => void)[] = [];

afterEach(() => {
  opened.splice(0).forEach(close => {
    close();
  });
});

/** The preview of a TIFF image, from a server that answers so; and what it was asked for. */
function preview(answer: (plane: string) => IAnswer | Promise<IAnswer>): {
  host: HTMLElement;
  asked: string[];
} {
  const asked: string[] = [];
  const { settings } = server({
    '/base/pm/api/runs/47/picture': ({ url }) => {
      const query = new URL(url).searchParams;
      asked.push(`${query.get('path') ?? ''} ${query.get('plane') ?? ''}`);
      return answer(query.get('plane') ?? '');
    }
  });
  const here = new Here(new Api(settings), new Told(), new CommandRegistry(), trans);
  const host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  root.render(
    <HereContext.Provider value={here}>
      <Preview run={47} path="tiles/a b.tif" size={9e9} label="cells" shape="drawn" />
    </HereContext.Provider>
  );
  opened.push(() => {
    root.unmount();
    host.remove();
  });
  return { host, asked };
}

it('a large stack is shown at once, and gone through by its slider', async () => {
  const { host, asked } = preview(plane => ({
    body: { ...PICTURE, plane: Number(plane), planes: 12, png: `plane${plane}` }
  }));
  await vi.waitFor(
    () => {
      expect(host.textContent).toContain('plane 1 of 12 · 2048 × 1024');
      expect(host.querySelector('input')).not.toBeNull();
    },
    { timeout: 60_000 }
  );
  const picture = host.querySelector('img');
  expect(picture?.getAttribute('alt')).toBe('cells');
  const slider = host.querySelector('input');
  expect(slider?.getAttribute('aria-label')).toBe('Plane of cells');
  // Past React, which would take the value for one that it set itself.
  Reflect.set(HTMLInputElement.prototype, 'value', '5', slider);
  slider?.dispatchEvent(new Event('input', { bubbles: true }));
  await vi.waitFor(
    () => {
      expect(host.textContent).toContain('plane 5 of 12 · 2048 × 1024');
    },
    { timeout: 60_000 }
  );
  expect(slider?.getAttribute('aria-valuetext')).toBe('plane 5 of 12');
  expect(host.querySelector('img')?.src).toBe('data:image/png;base64,plane5');
  expect(asked).toEqual(['tiles/a b.tif 1', 'tiles/a b.tif 5']);
  // The slider is the same one: it keeps the focus.
  expect(host.querySelector('input')).toBe(slider);
  // Larger than there is room it is scrolled, by keys as well.
  host.querySelector('button')?.click();
  const region = (): Element | null => host.querySelector('[role=region][tabindex="0"]');
  await expect.poll(() => region()?.getAttribute('aria-label')).toBe('cells');
  expect(host.querySelector('button')?.textContent).toBe('Show smaller');
  host.querySelector('button')?.click();
  await expect.poll(region).toBeNull();
});

it('what cannot be drawn says why and what to do, in place of the picture', async () => {
  const { host } = preview(() => ({
    status: 422,
    body: { ...REFUSAL, error: 'InvalidInput', message: 'It is cut.', hint: 'Save it.' }
  }));
  await vi.waitFor(
    () => {
      expect(host.textContent).toBe('It is cut. Save it.');
    },
    { timeout: 60_000 }
  );
  expect(host.querySelector('img, input, button')).toBeNull();
});

it('a picture that fails for another reason than the image is asked for again', async () => {
  let isUp = false;
  const { host } = preview(() =>
    isUp
      ? { body: PICTURE }
      : { status: 503, body: { ...REFUSAL, hint: 'Start it: `pm db start`' } }
  );
  const again = (): HTMLElement | undefined =>
    [...host.querySelectorAll('button')].find(each => each.textContent === 'Try again');
  await expect.poll(again).toBeDefined();
  expect(host.querySelector('code')?.textContent).toBe('pm db start');
  isUp = true;
  again()?.click();
  await expect.poll(() => host.querySelector('img')?.alt).toBe('cells');
});

it('a plane that comes when another one is shown does not come back', async () => {
  const late: Partial<Record<string, () => void>> = {};
  const { host, asked } = preview(async plane => {
    if (plane === '2' || plane === '4') {
      await new Promise<void>(resolve => (late[plane] = resolve));
    }
    return { body: { ...PICTURE, plane: Number(plane), planes: 12, png: `plane${plane}` } };
  });
  const shown = (): string | undefined => host.querySelector('img')?.src.split(',')[1];
  const wish = async (plane: string): Promise<void> => {
    const slider = host.querySelector('input');
    // Past React, as above.
    Reflect.set(HTMLInputElement.prototype, 'value', plane, slider);
    slider?.dispatchEvent(new Event('input', { bubbles: true }));
    await expect.poll(() => asked.at(-1)).toBe(`tiles/a b.tif ${plane}`);
  };
  await expect.poll(shown).toBe('plane1');
  await wish('2');
  await wish('3');
  await expect.poll(shown).toBe('plane3');
  late['2']?.();
  await new Promise(done => setTimeout(done, 50));
  await wish('4');
  expect(shown()).toBe('plane3');
  late['4']?.();
  await expect.poll(shown).toBe('plane4');
});

it('a few pictures are asked for at once, and none that nobody waits for any more', async () => {
  const few = new Few(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const wanted = new Set([1, 2, 3, 4]);
  const take = (number: number): Promise<string> =>
    few
      .take(
        async () => {
          begun.push(number);
          await new Promise<void>(resolve => ends.push(resolve));
          return `done ${number}`;
        },
        () => wanted.has(number)
      )
      .catch((error: unknown) => (error instanceof NotWanted ? 'not wanted' : 'wrong'));
  const all = Promise.all([1, 2, 3, 4].map(take));
  expect(begun).toEqual([1, 2]);
  wanted.delete(3);
  ends[0]?.();
  await vi.waitFor(
    () => {
      expect(begun).toEqual([1, 2, 4]);
    },
    { timeout: 60_000 }
  );
  ends.slice(1).forEach(end => {
    end();
  });
  expect(await all).toEqual(['done 1', 'done 2', 'not wanted', 'done 4']);
  // All places are free again.
  const last = take(1);
  expect(begun).toEqual([1, 2, 4, 1]);
  ends[3]?.();
  expect(await last).toBe('done 1');
});
