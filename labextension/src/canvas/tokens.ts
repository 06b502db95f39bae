/** The colours and fonts of the canvas, read from the theme: the only place that does. */

export interface ICanvasTokens {
  readonly canvas: string;
  readonly grid: string;
  readonly node: string;
  readonly border: string;
  readonly text: string;
  readonly strong: string;
  readonly quiet: string;
  readonly link: string;
  readonly brand: string;
  readonly error: string;
  readonly warn: string;
  readonly frame: string;
  readonly track: string;
  readonly inverse: string;
  /** The colours of states, by the token of their mark. */
  readonly states: Readonly<Record<string, string>>;
  /** Quiet colours that tell modules apart. */
  readonly modules: readonly string[];
  readonly font: string;
  readonly code: string;
  /** Pixels of a title. */
  readonly titleSize: number;
  /** Pixels of everything else. */
  readonly size: number;
}

/** Read them as they are where `element` is. */
export function readTokens(element: Element, isLight: boolean): ICanvasTokens {
  const style = getComputedStyle(element);
  const read = (name: string, otherwise: string): string =>
    style.getPropertyValue(name).trim() || otherwise;
  const size1 = parseFloat(read('--jp-ui-font-size1', '13px')) || 13;
  return {
    canvas: isLight ? read('--jp-layout-color2', '#eee') : read('--jp-layout-color0', '#111'),
    grid: read('--jp-border-color2', '#ddd'),
    node: read('--jp-layout-color1', '#fff'),
    border: read('--jp-border-color1', '#bbb'),
    text: read('--jp-ui-font-color1', '#333'),
    strong: read('--jp-ui-font-color0', '#000'),
    quiet: read('--jp-ui-font-color1', '#333'),
    link: read('--jp-ui-font-color2', '#777'),
    brand: read('--jp-brand-color1', '#06c'),
    error: read('--jp-error-color1', '#c00'),
    warn: read('--jp-warn-color1', '#c60'),
    frame: isLight ? read('--jp-layout-color3', '#ddd') : read('--jp-layout-color2', '#333'),
    track: read('--jp-layout-color3', '#ccc'),
    inverse: read('--jp-ui-inverse-font-color0', '#fff'),
    states: {
      neutral: read('--jp-layout-color4', '#999'),
      brand: read('--jp-brand-color1', '#06c'),
      success: read('--jp-success-color1', '#080'),
      info: read('--jp-info-color1', '#088'),
      warn: read('--jp-warn-color1', '#c60'),
      error: read('--jp-error-color1', '#c00')
    },
    modules: ['brand', 'accent', 'success', 'info', 'warn'].map(name =>
      read(`--jp-${name}-color2`, '#999')
    ),
    font: read('--jp-ui-font-family', 'sans-serif'),
    code: read('--jp-code-font-family', 'monospace'),
    titleSize: size1,
    size: size1 / 1.2
  };
}

/** The colour of a module: the same name, the same colour, on every canvas. */
export function moduleColor(tokens: ICanvasTokens, module: string): string {
  let sum = 0;
  for (const character of module) {
    sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 9973;
  }
  return tokens.modules[sum % tokens.modules.length] ?? tokens.border;
}
