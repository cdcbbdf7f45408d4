import { useRef, useState, type PointerEvent } from 'react';
import type { Side } from './changes';

/** Pixels of movement that make a click a drag. */
const DRAG = 5;

export interface ColumnDrag {
  /** While an edge is drawn: the width it would have. */
  readonly draft: { readonly id: string; readonly width: number } | null;
  /** While a column is drawn: where it would be put. */
  readonly drop: { readonly id: string; readonly side: Side } | null;
  /** True for the click that ends a drag. */
  readonly takesClick: () => boolean;
  readonly resizeStart: (id: string, width: number, event: PointerEvent<HTMLElement>) => void;
  readonly moveStart: (id: string, event: PointerEvent<HTMLElement>) => void;
}

export interface ColumnDragEnds {
  readonly onResize: (id: string, width: number) => void;
  readonly onMove: (id: string, target: string, side: Side) => void;
}

/** Follows the pointer until it is let go, or taken away by a gesture or Escape. */
function follow(start: PointerEvent<HTMLElement>, onMove: (dx: number, x: number, y: number) => void, onEnd: (isDone: boolean) => void): void {
  const { pointerId, clientX } = start;
  const ended = new AbortController();
  const end = (isDone: boolean) => {
    ended.abort();
    onEnd(isDone);
  };
  const options = { signal: ended.signal };
  window.addEventListener('pointermove', (event) => event.pointerId === pointerId && onMove(event.clientX - clientX, event.clientX, event.clientY), options);
  window.addEventListener('pointerup', (event) => event.pointerId === pointerId && end(true), options);
  window.addEventListener('pointercancel', () => end(false), options);
  window.addEventListener('keydown', (event) => event.key === 'Escape' && end(false), options);
}

/** The column whose head is at a point, and on which half of it. */
function headAt(x: number, y: number): { id: string; side: Side } | null {
  const head = document.elementFromPoint(x, y)?.closest<HTMLElement>('[data-header]');
  const id = head?.dataset['header'];
  if (!head || id === undefined) return null;
  const { left, width } = head.getBoundingClientRect();
  return { id, side: x < left + width / 2 ? 'before' : 'after' };
}

/** Columns are made wider at their edge and moved by their head, with a mouse or pen; with keys there is `gridKeys`. */
export function useColumnDrag({ onResize, onMove }: ColumnDragEnds): ColumnDrag {
  const [draft, setDraft] = useState<ColumnDrag['draft']>(null);
  const [drop, setDrop] = useState<ColumnDrag['drop']>(null);
  const hasMoved = useRef(false);
  return {
    draft,
    drop,
    takesClick: () => {
      const taken = hasMoved.current;
      hasMoved.current = false;
      return taken;
    },
    resizeStart: (id, width, event) => {
      event.preventDefault();
      let wide = width;
      follow(
        event,
        (dx) => {
          wide = width + dx;
          setDraft({ id, width: wide });
        },
        (isDone) => {
          setDraft(null);
          if (isDone && wide !== width) onResize(id, wide);
        },
      );
    },
    moveStart: (id, event) => {
      // Fingers scroll; they move columns by the menu.
      if (event.button !== 0 || event.pointerType === 'touch') return;
      hasMoved.current = false;
      let target: ColumnDrag['drop'] = null;
      follow(
        event,
        (dx, x, y) => {
          if (!hasMoved.current && Math.abs(dx) < DRAG) return;
          hasMoved.current = true;
          target = headAt(x, y);
          if (target?.id === id) target = null;
          setDrop(target);
        },
        (isDone) => {
          setDrop(null);
          if (isDone && target) onMove(id, target.id, target.side);
        },
      );
    },
  };
}
