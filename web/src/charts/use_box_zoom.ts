import { useState } from 'react';
import { changed } from './ranges';
import type { Axis, Range } from './types';
import type { Move } from './use_panning';

/** The part of a chart that is seen: what was dragged out of the whole, moved and scaled. */
export function useBoxZoom(whole: { readonly x: Range; readonly y: Range }, axis: Axis) {
  const [zoom, setZoom] = useState<{ readonly x: Range; readonly y: Range } | null>(null);
  return {
    ...(zoom ?? whole),
    isZoomed: zoom !== null,
    select: (x: Range, y: Range) => setZoom({ x, y }),
    move: (move: Move) =>
      setZoom((last) => {
        const { x, y } = last ?? whole;
        return { x: changed(x, axis.log ?? false, move), y };
      }),
    reset: () => setZoom(null),
  };
}
