import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useState, type RefObject } from 'react';
import { layout } from './layout';
import type { VirtualColumn, VirtualColumnState } from './types';

/** Rows and columns that are drawn beyond the window, for scrolling without holes. */
const MORE_ROWS = 6;
const MORE_COLUMNS = 1;

export interface WindowOptions<Row> {
  readonly grid: RefObject<HTMLElement | null>;
  readonly columns: readonly VirtualColumn<Row>[];
  readonly state: VirtualColumnState;
  readonly hasSelection: boolean;
  readonly count: number;
  readonly rowHeight: number;
  readonly headHeight: number;
}

/** How wide an element is inside, and anew when that changes. */
function useRoom(grid: RefObject<HTMLElement | null>): number {
  const [room, setRoom] = useState(0);
  useLayoutEffect(() => {
    const element = grid.current;
    if (element === null) return;
    setRoom(element.clientWidth);
    const observer = new ResizeObserver(() => setRoom(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [grid]);
  return room;
}

/** The part of the table that is to be seen: which rows, which columns and where. */
export function useWindow<Row>({ grid, columns, state, hasSelection, count, rowHeight, headHeight }: WindowOptions<Row>) {
  const room = useRoom(grid);
  const now = useMemo(() => layout(columns, state, hasSelection, room), [columns, state, hasSelection, room]);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => grid.current,
    estimateSize: () => rowHeight,
    paddingStart: headHeight,
    scrollPaddingStart: headHeight,
    overscan: MORE_ROWS,
  });
  const { scrolled, pinnedWidth } = now;
  const across = useVirtualizer({
    horizontal: true,
    count: scrolled.length,
    getScrollElement: () => grid.current,
    estimateSize: (index) => scrolled[index]?.width ?? 0,
    getItemKey: (index) => scrolled[index]?.column.id ?? index,
    paddingStart: pinnedWidth,
    scrollPaddingStart: pinnedWidth,
    overscan: MORE_COLUMNS,
  });
  useEffect(() => across.measure(), [across, now]);
  useEffect(() => rows.measure(), [rows, rowHeight, headHeight]);
  const seen = across.getVirtualItems();
  return { layout: now, rows, across, first: seen[0]?.index ?? 0, last: seen.at(-1)?.index ?? -1 };
}
