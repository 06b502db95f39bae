/** Keys pressed in a field: which are the text's own, and which mean the whole that it is part of. */

interface IPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** With Ctrl or Cmd they edit the text: undo, redo, cut, copy, paste, select, delete and walk words. */
const EDITING: ReadonlySet<string> = new Set([
  'z',
  'y',
  'x',
  'c',
  'v',
  'a',
  'backspace',
  'delete',
  'arrowleft',
  'arrowright',
  'arrowup',
  'arrowdown',
  'home',
  'end'
]);

/** Whether the key belongs to the text of the field; shortcuts of the page must not see it then. */
export function belongsToText(press: IPress): boolean {
  const key = press.key.toLowerCase();
  // Ctrl and Alt together write characters on many keyboards.
  if (!(press.ctrlKey || press.metaKey) || press.altKey) {
    return true;
  }
  return EDITING.has(key) && !(press.shiftKey && key === 'c');
}

/** Whether it saves, previews or runs the whole: what is typed belongs to that already. */
export function isForWhole({ key, ctrlKey, metaKey, altKey }: IPress): boolean {
  return (ctrlKey || metaKey) && !altKey && (key === 'Enter' || key.toLowerCase() === 's');
}

/** Whether it takes back an edit, or brings it again. */
export function isUndo({ key, ctrlKey, metaKey, altKey }: IPress): boolean {
  return (ctrlKey || metaKey) && !altKey && ['z', 'y'].includes(key.toLowerCase());
}

/** Kinds of `<input>` in which nothing is typed. */
const TYPED_NOWHERE: ReadonlySet<string> = new Set([
  'checkbox',
  'radio',
  'button',
  'submit',
  'reset',
  'range',
  'color',
  'file',
  'image'
]);

/** Whether text is typed there, which has an undo of its own: lists, boxes and buttons have none. */
export function takesText(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement
    ? !TYPED_NOWHERE.has(target.type)
    : target instanceof HTMLTextAreaElement ||
        (target instanceof HTMLElement && target.isContentEditable);
}
