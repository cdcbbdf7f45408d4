import { useEffect, useRef, type RefObject } from 'react';

/** A move along x: `by` parts of what is seen; or to `factor` of it around the part `about`. */
export interface Move {
  readonly by?: number;
  readonly factor?: number;
  readonly about?: number;
}

/** Dragging with the shift key or a finger moves a plot, the wheel with the control key scales it, a double click resets. */
export function usePanning(
  element: RefObject<HTMLElement | null>,
  onMove: ((move: Move) => void) | undefined,
  onReset: (() => void) | undefined,
  made: string,
): void {
  const latest = useRef({ onMove, onReset });
  latest.current = { onMove, onReset };
  useEffect(() => {
    const over = element.current?.querySelector<HTMLElement>('.u-over');
    if (!over) return;
    let from: number | null = null;
    const down = (event: PointerEvent) => {
      if (!(event.shiftKey || event.button === 1 || event.pointerType === 'touch')) return;
      from = event.clientX;
      over.setPointerCapture(event.pointerId);
    };
    const move = (event: PointerEvent) => {
      if (from === null) return;
      latest.current.onMove?.({ by: (from - event.clientX) / over.clientWidth });
      from = event.clientX;
    };
    const up = () => {
      from = null;
    };
    const wheel = (event: WheelEvent) => {
      // Without the control key the wheel scrolls the page.
      if (!event.ctrlKey) return;
      event.preventDefault();
      const box = over.getBoundingClientRect();
      latest.current.onMove?.({ factor: Math.exp(event.deltaY / 400), about: (event.clientX - box.left) / box.width });
    };
    const reset = () => latest.current.onReset?.();
    const listening = new AbortController();
    const { signal } = listening;
    over.addEventListener('pointerdown', down, { signal });
    over.addEventListener('pointermove', move, { signal });
    over.addEventListener('pointerup', up, { signal });
    over.addEventListener('pointercancel', up, { signal });
    over.addEventListener('wheel', wheel, { signal, passive: false });
    over.addEventListener('dblclick', reset, { signal });
    return () => listening.abort();
  }, [element, made]);
}
