/** An image that no browser shows, as the picture that the server draws of it, plane by plane. */

import React from 'react';

import { Refused } from '../api/errors';
import type { Picture } from '../api/files';
import { readPicture } from '../api/files';
import { useAsked } from '../screen/asked';
import { useHere } from '../screen/here';
import { Action, Shown } from '../screen/parts';
import type { IApi } from '../tokens';
import { captionOf } from './caption';
import { Few } from './few';

/** Pictures that are asked for at once; as many as the server draws at once. */
const AT_ONCE = 2;
/** Milliseconds that a slider rests before a plane is asked for. */
const REST = 150;
/** Pixels that a picture is high at most, until somebody wants it larger; as in runs.css. */
const HIGH = 480;

/** The pictures that are drawn for a page. */
const drawing = new WeakMap<IApi, Few>();

function fewOf(api: IApi): Few {
  const few = drawing.get(api) ?? new Few(AT_ONCE);
  drawing.set(api, few);
  return few;
}

interface IDrawnProps {
  run: number;
  path: string;
  /** What it shows, for those who cannot see it. */
  label: string;
}

export function Drawn({ run, path, label }: IDrawnProps): React.JSX.Element {
  const { api, trans } = useHere();
  const [wanted, setWanted] = React.useState(1);
  const [plane, setPlane] = React.useState(1);
  const [large, setLarge] = React.useState(false);
  // What was drawn last stays until the next plane is there.
  const [last, setLast] = React.useState<Picture | null>(null);
  const wish = React.useRef('');
  const asked = useAsked(
    React.useCallback(async () => {
      const mine = `${run} ${plane} ${path}`;
      wish.current = mine;
      const found = await fewOf(api).take(
        () => readPicture(api, run, path, plane),
        () => wish.current === mine
      );
      // One that is late would come back for a moment when the next one is asked for.
      if (wish.current === mine) {
        setLast(found);
      }
      return found;
    }, [api, run, path, plane])
  );
  React.useEffect(
    () => () => {
      wish.current = '';
    },
    []
  );
  React.useEffect(() => {
    const timer = setTimeout(() => {
      setPlane(wanted);
    }, REST);
    return () => {
      clearTimeout(timer);
    };
  }, [wanted]);
  const { state } = asked;
  const picture = asked.value ?? (state.kind === 'loading' ? last : null);
  const planes = (picture ?? last)?.planes ?? 1;
  return (
    <div className="pm-Drawn" aria-busy={state.kind === 'loading'}>
      {picture !== null ? (
        <span
          className="pm-Picture"
          data-pm-large={large}
          // It may be scrolled then, also by keys.
          {...(large ? { tabIndex: 0, role: 'region', 'aria-label': label } : {})}
        >
          <img src={`data:image/png;base64,${picture.png}`} alt={label} />
        </span>
      ) : state.kind === 'failed' && cannotBeShown(state.error) ? (
        <p role="status">
          {state.error.refusal.message} {state.error.refusal.hint}
        </p>
      ) : (
        <Shown asked={asked} loading={trans.__('Drawing the image…')}>
          {() => null}
        </Shown>
      )}
      {(planes > 1 || picture !== null) && (
        <p className="pm-Bar pm-Muted">
          {planes > 1 && (
            <input
              type="range"
              min={1}
              max={planes}
              value={wanted}
              aria-label={trans.__('Plane of %1', label)}
              aria-valuetext={trans.__('plane %1 of %2', wanted, planes)}
              onChange={event => {
                setWanted(Number(event.target.value));
              }}
            />
          )}
          {picture !== null && <span>{captionOf(picture, trans)}</span>}
          {picture !== null && picture.shown_height > HIGH && (
            <Action
              label={large ? trans.__('Show smaller') : trans.__('Show larger')}
              onClick={() => {
                setLarge(!large);
              }}
            />
          )}
        </p>
      )}
    </div>
  );
}

/** Whether it is the image itself that no picture can be drawn of: to ask again would help nobody. */
function cannotBeShown(error: unknown): error is Refused {
  return error instanceof Refused && error.refusal.error === 'InvalidInput';
}
