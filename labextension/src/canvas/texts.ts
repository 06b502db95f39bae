/** Texts that are cut to a width, remembered: measuring is what a frame would spend its time with. */

/** More than a screen can hold. */
const REMEMBERED = 5000;

export class Texts {
  /** `text` shortened to a width in the font of the context, with an ellipsis. */
  fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
    const key = `${context.font} ${Math.round(width)} ${text}`;
    const known = this._texts.get(key);
    if (known !== undefined) {
      return known;
    }
    let fitted = text;
    if (context.measureText(text).width > width) {
      let [least, most] = [0, text.length];
      while (least < most) {
        const middle = Math.ceil((least + most) / 2);
        if (context.measureText(`${text.slice(0, middle)}…`).width <= width) {
          least = middle;
        } else {
          most = middle - 1;
        }
      }
      fitted = least === 0 ? '' : `${text.slice(0, least)}…`;
    }
    if (this._texts.size > REMEMBERED) {
      this._texts.clear();
    }
    this._texts.set(key, fitted);
    return fitted;
  }

  private readonly _texts = new Map<string, string>();
}
