/** What is written and drawn on the canvas can be read in each theme of the Lab. */

import { expect, it } from 'vitest';

import { readTokens } from '../../src/canvas/tokens';

type Colour = readonly [number, number, number, number];

const GREY = { 200: '#eeeeee', 300: '#e0e0e0', 400: '#bdbdbd', 700: '#616161', 800: '#424242' };

/** The variables of the Lab's themes that the canvas reads, as JupyterLab 4.6 has them. */
const THEMES: Record<string, Record<string, string>> = {
  'JupyterLab Light': {
    'layout-color1': '#ffffff',
    'layout-color2': GREY[200],
    'layout-color3': GREY[400],
    'ui-font-color0': '#000000',
    'ui-font-color1': 'rgba(0,0,0,.87)',
    'ui-font-color2': 'rgba(0,0,0,.54)',
    'brand-color1': '#1976d2',
    'error-color1': '#d32f2f'
  },
  'JupyterLab Dark': {
    'layout-color0': '#111111',
    'layout-color1': '#212121',
    'layout-color2': GREY[800],
    'layout-color3': GREY[700],
    'ui-font-color0': '#ffffff',
    'ui-font-color1': 'rgba(255,255,255,.87)',
    'ui-font-color2': 'rgba(255,255,255,.54)',
    'brand-color1': '#2196f3',
    'error-color1': '#f44336'
  },
  'JupyterLab Dark High Contrast': {
    'layout-color0': '#111111',
    'layout-color1': '#111111',
    'layout-color2': GREY[800],
    'layout-color3': GREY[700],
    'ui-font-color0': '#ffffff',
    'ui-font-color1': '#ffffff',
    'ui-font-color2': '#ffffff',
    'brand-color1': '#319bf2'
  }
};

function colour(text: string): Colour {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text)?.[1];
  if (hex !== undefined) {
    const whole = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex;
    const [red = NaN, green = NaN, blue = NaN] = [0, 2, 4].map(at =>
      parseInt(whole.slice(at, at + 2), 16)
    );
    return [red, green, blue, 1];
  }
  const parts = /^rgba\((\d+), ?(\d+), ?(\d+), ?([\d.]+)\)$/.exec(text);
  const [red = NaN, green = NaN, blue = NaN, alpha = NaN] = (parts ?? []).slice(1).map(Number);
  return [red, green, blue, alpha];
}

function luminance(rgb: readonly number[]): number {
  const [red = NaN, green = NaN, blue = NaN] = rgb.map(each => {
    const part = each / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The ratio of WCAG 2 between what is drawn, however transparent, and what it is drawn on. */
function contrast(front: string, back: string): number {
  const [red, green, blue, alpha] = colour(front);
  const below = colour(back);
  const mixed = [red, green, blue].map(
    (each, at) => each * alpha + (below[at] ?? NaN) * (1 - alpha)
  );
  const [light, dark] = [luminance(mixed), luminance(below.slice(0, 3))].sort((a, b) => b - a);
  return ((light ?? NaN) + 0.05) / ((dark ?? NaN) + 0.05);
}

it('is as much as is asked for text, and for what is no text', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21);
  expect(contrast('rgba(0,0,0,0.5)', '#fff')).toBeCloseTo(3.95, 1);
  for (const [theme, variables] of Object.entries(THEMES)) {
    const element = document.createElement('div');
    for (const [name, value] of Object.entries(variables)) {
      element.style.setProperty(`--jp-${name}`, value);
    }
    document.body.append(element);
    const tokens = readTokens(element, theme === 'JupyterLab Light');
    const grounds = { canvas: tokens.canvas, node: tokens.node, frame: tokens.frame };
    for (const [where, ground] of Object.entries(grounds)) {
      for (const part of ['text', 'strong', 'quiet'] as const) {
        const ratio = contrast(tokens[part], ground);
        expect(ratio, `${part} on ${where}, ${theme}`).toBeGreaterThanOrEqual(4.5);
      }
    }
    for (const [where, ground] of [
      ['canvas', tokens.canvas],
      ['node', tokens.node]
    ] as const) {
      for (const part of ['link', 'brand', 'error'] as const) {
        const ratio = contrast(tokens[part], ground);
        expect(ratio, `${part} on ${where}, ${theme}`).toBeGreaterThanOrEqual(3);
      }
    }
    element.remove();
  }
});
