/** Sample sheets from files: of this computer, or of the folder that the file browser shows. */

import { FileDialog } from '@jupyterlab/filebrowser';
import type { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import type { Contents } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ISheetSource } from './editor';

const SHEET = /\.(?:csv|tsv|txt)$/i;

/** A file that is chosen on the person's own computer; nothing is uploaded but its text. */
export function fromThisComputer(trans: TranslationBundle): ISheetSource {
  return {
    label: trans.__('From this computer…'),
    choose: () =>
      new Promise((resolve, reject) => {
        const input = document.createElement('input');
        input.type = 'file';
        input.accept = '.csv,.tsv,.txt,text/csv';
        input.addEventListener('cancel', () => {
          resolve(null);
        });
        input.addEventListener('change', () => {
          const file = input.files?.[0];
          if (file === undefined) {
            resolve(null);
            return;
          }
          file
            .arrayBuffer()
            .then(bytes => {
              resolve({ name: file.name, text: decoded(bytes, trans) });
            })
            .catch(reject);
        });
        input.click();
      })
  };
}

/** A file below the folder in which Jupyter was started. */
export function fromFolder(
  browser: IDefaultFileBrowser,
  contents: Contents.IManager,
  trans: TranslationBundle
): ISheetSource {
  return {
    label: trans.__('From the file browser…'),
    choose: async () => {
      const { button, value } = await FileDialog.getOpenFiles({
        manager: browser.model.manager,
        title: trans.__('Choose a sample sheet'),
        label: trans.__('CSV with a column "sample"'),
        filter: model => (model.type === 'directory' || SHEET.test(model.name) ? {} : null)
      });
      const chosen = value?.find(model => model.type !== 'directory');
      if (!button.accept || chosen === undefined) {
        return null;
      }
      // As bytes: the server reads as text only what is UTF-8.
      const file = await contents.get(chosen.path, {
        ...{ type: 'file', format: 'base64', content: true }
      });
      const bytes = Uint8Array.from(atob(String(file.content)), each => each.charCodeAt(0));
      return { name: chosen.name, text: decoded(bytes.buffer, trans) };
    }
  };
}

/** Text of bytes; spreadsheet programs also write UTF-16. */
export function decoded(bytes: ArrayBuffer, trans: TranslationBundle): string {
  const [first, second] = new Uint8Array(bytes, 0, Math.min(2, bytes.byteLength));
  const utf16 = first === 0xff && second === 0xfe ? 'utf-16le' : 'utf-16be';
  const encoding =
    (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) ? utf16 : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new Error(
      trans.__('The sample sheet is not UTF-8 text; save it as "CSV UTF-8" and try again.')
    );
  }
}
