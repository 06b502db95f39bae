import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog } from '@jupyterlab/apputils';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { FileDialog } from '@jupyterlab/filebrowser';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import React, { act } from 'react';
import { createRoot } from 'react-dom/client';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { CommandIDs } from '../src/commands';
import { SamplesEditor } from '../src/samples/editor';
import { decoded } from '../src/samples/files';
import { samplesPlugin } from '../src/samples/plugin';
import type { ISheet } from '../src/samples/sheet';
import {
  faultText,
  sourceFaults,
  pastedCells,
  placeFaults,
  readNames,
  readSheet,
  samplesDocument,
  sheetOf
} from '../src/samples/sheet';
import { pasted } from '../src/samples/table';
import type { IPipelineTracker } from '../src/tokens';
import { drawn } from './pipeline/drawn';

const trans = nullTranslator.load('');

describe('a sample sheet', () => {
  it.each([
    ['sample,image\ns1,a.tif\ns2,b.tif\n', ','],
    ['sample;image\ns1;a.tif\ns2;b.tif', ';'],
    ['\ufeffSample\timage\r\ns1\ta.tif\r\n\r\ns2\tb.tif\r\n', 'tab'],
    ['sep=;\nsample;image\ns1;a.tif\ns2;b.tif', 'sep='],
    ['"sample","image"\n"s1","a.tif"\n"s2","b.tif",,\n', 'quotes']
  ])('is read: %j', text => {
    const { sheet, faults } = readSheet(text);
    expect(faults).toEqual([]);
    expect(sheet).toEqual({
      columns: ['sample', 'image'],
      rows: [
        ['s1', 'a.tif'],
        ['s2', 'b.tif']
      ]
    });
  });

  it('keeps separators, quotes and line breaks inside quotes', () => {
    const { sheet } = readSheet('sample,note\ns1,"a, ""b""\nc"\n');
    expect(sheet.rows).toEqual([['s1', 'a, "b"\nc']]);
  });

  it.each([
    ['name,image\ns1,a.tif', 'There is no column "sample"', 'name, image'],
    ['sample,image\ns1,a,b', 'Line 2 has 3 cells', 'quotes'],
    ['sample\n"s1', 'quotation mark', 'Line 2'],
    ['  \n', 'nothing in it', 'first line']
  ])('says what is wrong with %j', (text, one, other) => {
    const sentence = readSheet(text)
      .faults.map(fault => faultText(fault, trans))
      .join();
    expect(sentence).toContain(one);
    expect(sentence).toContain(other);
  });

  it('says at the cell that names it which file is not there, and what to do', () => {
    const sheet = {
      columns: ['sample', 'image', 'before'],
      rows: [
        ['s1', 'data/a.png', 'run:7/cells'],
        ['s2', './data/b.png', ''],
        ['a.png', '/far/c.png', 'run:8/cells']
      ]
    };
    const told = [
      "Step 'load': the file /study/data/b.png does not exist.",
      "Step 'load': the file /far/c.png cannot be read: Permission denied.",
      "Step 'gate': run 8 has no output 'cells'; it has 'table'.",
      "Step 'gate': run 7 was altered after it was recorded; `pm verify 7` says what.",
      "Step 'other': the file /study/a.png does not exist."
    ];
    const faults = sourceFaults(sheet, told, trans);
    expect(faults.map(({ row, column }) => [row, column])).toEqual([
      [0, 2],
      [1, 1],
      [2, 1],
      [2, 2]
    ]);
    expect(faults[1]?.message).toMatch(
      /^Row 2, column "image": the file \/study\/data\/b\.png does not exist\. Mend the cell/
    );
    expect(faults[3]?.message).toContain("run 8 has no output 'cells'");
  });

  it('says nothing at a file that is there and ends as one that is not', () => {
    const sheet = {
      columns: ['sample', 'image', 'other'],
      rows: [
        ['s1', 'image.tif', './s1/image.tif'],
        ['s2', 's1/image.tif', 'far/s1/image.png']
      ]
    };
    const faults = sourceFaults(sheet, ['the file /study/s1/image.tif does not exist.'], trans);
    expect(faults.map(({ row, column }) => [row, column])).toEqual([
      [0, 2],
      [1, 1]
    ]);
  });

  it('says at every output of a run that it was altered', () => {
    const sheet = {
      columns: ['sample', 'image', 'other'],
      rows: [['s1', 'run:8/cells', 'run:8/a']]
    };
    const told = ['run 8 was altered after it was recorded; `pm verify 8` says what.'];
    const faults = sourceFaults(sheet, told, trans);
    expect(faults.map(({ row, column }) => [row, column])).toEqual([
      [0, 1],
      [0, 2]
    ]);
  });

  it('names empty and double names by row, and columns by number', () => {
    const sheet = { columns: ['sample', '', 'x', 'x'], rows: [['s1'], [''], ['s1']] };
    expect(placeFaults(sheet, trans).map(fault => fault.message)).toEqual([
      'Column 2 has no name.',
      'Two columns are called "x".',
      'Row 2 has no sample name.',
      'Rows 1 and 3 are both called "s1".'
    ]);
  });

  it('goes into a request and comes back', () => {
    const names = readNames('s1\n s2 ,s3');
    expect(samplesDocument(names)).toEqual(['s1', 's2', 's3']);
    expect(sheetOf(samplesDocument(names))).toEqual(names);
    const { sheet } = readSheet('sample,image\ns1,a.tif');
    expect(samplesDocument(sheet)).toEqual({
      columns: ['sample', 'image'],
      rows: [{ sample: 's1', image: 'a.tif' }]
    });
    expect(sheetOf(samplesDocument(sheet))).toEqual(sheet);
    expect(sheetOf({ sheet: 'sample\ns1' }).rows).toEqual([['s1']]);
    expect(sheetOf(undefined).rows).toEqual([]);
  });

  it('takes a block from a spreadsheet, with new rows where it is longer', () => {
    const sheet: ISheet = { columns: ['sample', 'image'], rows: [['s1', 'a']] };
    expect(pasted(sheet, 0, 0, pastedCells('x\t1\ny\t2\t3\n')).rows).toEqual([
      ['x', '1'],
      ['y', '2']
    ]);
  });

  it('in UTF-16 is read, in anything else refused with the way out', () => {
    const utf16 = new Uint8Array([0xff, 0xfe, 0x73, 0, 0x31, 0]);
    expect(decoded(utf16.buffer, trans)).toBe('s1');
    const latin = new Uint8Array([0x73, 0xe9, 0x0a]);
    expect(() => decoded(latin.buffer, trans)).toThrow('CSV UTF-8');
  });
});

describe('the editor', () => {
  let host: HTMLElement;
  let sheet: ISheet;

  const show = (wanted: string[] = [], text: string | null = null): void => {
    const root = createRoot(host);
    const render = (): void => {
      root.render(
        <SamplesEditor
          sheet={sheet}
          wanted={wanted}
          sources={[
            {
              label: 'From a file',
              choose: () => Promise.resolve(text === null ? null : { name: 'x.csv', text })
            }
          ]}
          onChange={next => {
            sheet = next;
            render();
          }}
          trans={trans}
        />
      );
    };
    act(render);
  };
  const button = (name: string): HTMLButtonElement => {
    const found = [...host.querySelectorAll('button')].find(
      each => (each.getAttribute('aria-label') ?? each.textContent) === name
    );
    if (found === undefined) {
      throw new Error(`no button ${name}: ${host.textContent}`);
    }
    return found;
  };
  const click = async (name: string): Promise<void> => {
    await act(async () => {
      button(name).click();
      await Promise.resolve();
    });
  };

  beforeEach(() => {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
    host = document.createElement('div');
    sheet = { columns: ['sample'], rows: [['s1']] };
  });

  it('adds a column that an input is waiting for', async () => {
    show(['image']);
    await click('Add column image');
    expect(sheet).toEqual({ columns: ['sample', 'image'], rows: [['s1', '']] });
    expect(host.querySelector('[aria-label="image of row 1"]')).not.toBeNull();
  });

  it('takes a file, and names what is missing in it without losing it', async () => {
    show([], 'name,image\ns1,a.tif');
    await click('From a file');
    expect(host.querySelector('[role=alert]')?.textContent).toContain('no column "sample"');
    expect(sheet.columns).toEqual(['name', 'image']);
  });

  it('keeps what was there when a file is empty', async () => {
    show([], '\n');
    await click('From a file');
    expect(sheet.rows).toEqual([['s1']]);
    expect(host.querySelector('[role=alert]')?.textContent).toContain('nothing in it');
  });

  it('adds and removes samples', async () => {
    show();
    await click('Table');
    await click('Add sample');
    expect(sheet.rows).toEqual([['s1'], ['s2']]);
    await click('Remove row 1');
    expect(sheet.rows).toEqual([['s2']]);
  });
});

it('the editor stays as it is while a file is chosen, and where none is', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  const { model } = drawn();
  const commands = new CommandRegistry();
  const app = { commands, shell: { currentWidget: null }, serviceManager: { contents: {} } };
  const tracker = { current: model, currentChanged: new Signal({}) };
  const browser = { model: { manager: {} } };
  await samplesPlugin.activate(
    ...([app as unknown as JupyterFrontEnd, tracker as unknown as IPipelineTracker] as const),
    ...[null, null, browser as unknown as IDefaultFileBrowser]
  );
  const none = { button: Dialog.cancelButton(), isChecked: null, value: null };
  const choose = vi.spyOn(FileDialog, 'getOpenFiles').mockResolvedValue(none);
  const edited = commands.execute(CommandIDs.editSamples);
  const names = (): Element | null => document.querySelector('.pm-Samples textarea');
  await expect.poll(names).not.toBeNull();
  const before = names();
  [...document.querySelectorAll<HTMLElement>('.pm-Samples button')]
    .find(each => each.textContent === 'From the file browser…')
    ?.click();
  await expect.poll(() => choose.mock.calls.length).toBe(1);
  await new Promise(resolve => setTimeout(resolve, 50));
  expect(before?.isConnected).toBe(true);
  document.querySelector<HTMLElement>('.jp-Dialog .jp-mod-accept')?.click();
  await edited;
});
