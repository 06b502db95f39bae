/** What a picture of an image is a picture of, in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { Picture } from '../api/files';

/** "plane 1 of 12 · 2048 × 2048 · 16 bit · contrast stretched 0–57". */
export function captionOf(picture: Picture, trans: TranslationBundle): string {
  const { plane, planes, width, height, shown_width: across, shown_height: down } = picture;
  const words = [
    planes > 1 && trans.__('plane %1 of %2', plane, planes),
    trans.__('%1 × %2', width, height),
    pixelsOf(picture, trans),
    lightOf(picture, trans),
    (across !== width || down !== height) && trans.__('reduced to %1 × %2', across, down)
  ];
  return words.filter(word => word !== false).join(' · ');
}

function pixelsOf({ bits, numbers, colours }: Picture, trans: TranslationBundle): string {
  switch (colours) {
    case 'rgb':
      return numbers === 'float'
        ? trans.__('%1 bit float RGB', bits)
        : trans.__('%1 bit RGB', bits);
    case 'palette':
      return trans.__('%1 bit, with a palette', bits);
    case 'grey':
    case 'labels':
      switch (numbers) {
        case 'unsigned':
          return trans.__('%1 bit', bits);
        case 'signed':
          return trans.__('%1 bit signed', bits);
        case 'float':
          return trans.__('%1 bit float', bits);
        case 'complex':
          return trans.__('absolute values of %1 bit complex numbers', bits);
      }
  }
}

/** Where values are not shown as they are, which are black and white, and which there are. */
function lightOf(
  { least, most, colours, stretched }: Picture,
  trans: TranslationBundle
): string | false {
  if (least === null || most === null) {
    return trans.__('no pixel has a value');
  }
  if (least === most) {
    return trans.__('every pixel is %1', least);
  }
  if (colours === 'labels') {
    return trans.__('labels up to %1, coloured', most);
  }
  if (stretched === null) {
    return false;
  }
  const [black = '', white = ''] = stretched;
  const shown = trans.__('contrast stretched %1', rangeOf(black, white, trans));
  const clipped = Number(least) < Number(black) || Number(most) > Number(white);
  return clipped ? trans.__('%1 of %2', shown, rangeOf(least, most, trans)) : shown;
}

/** "0–57", and "-1 to 1", where a dash would look like a sign. */
function rangeOf(from: string, to: string, trans: TranslationBundle): string {
  return `${from}${to}`.includes('-') ? trans.__('%1 to %2', from, to) : `${from}–${to}`;
}
