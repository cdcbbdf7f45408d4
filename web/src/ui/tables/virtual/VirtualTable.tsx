import { Suspense, useCallback, useEffect, useId, useMemo, useRef, useState, type ComponentType, type MouseEvent } from 'react';
import { useT } from '../../../i18n';
import { classes } from '../../classes';
import { lazily, useNeeded } from '../../lazily';
import { nextSort } from '../columns';
import { moved, resized, stepped } from './changes';
import type { ColumnMenuProps } from './ColumnMenu';
import { gridKey, type Active } from './gridKeys';
import { GROUP_HEIGHT, HEAD_HEIGHT } from './layout';
import { toggled, withRange } from './selection';
import type { VirtualTableProps } from './types';
import { useColumnDrag } from './useColumnDrag';
import { useWindow } from './useWindow';
import { VirtualHeader } from './VirtualHeader';
import { cellId, VirtualRow } from './VirtualRow';
import styles from './VirtualTable.module.css';

const ColumnMenu = lazily(async () => (await import('./ColumnMenu')).ColumnMenu as ComponentType<ColumnMenuProps<never>>);
const NONE: ReadonlySet<string> = new Set();
/** Rows before the end at which more are asked for; so many gray ones stand for those that are not here. */
const AHEAD = 60;
const WAITING = 12;

/** A table of any length and width: only what is to be seen is drawn. */
export function VirtualTable<Row>({
  caption, columns, rows, total, rowKey, onEndReached, rowHeight = 36, columnState, onColumnState, sort, onSort,
  selection, onSelection, onOpen, groupHeaders, loading = false, empty, fill = false,
}: VirtualTableProps<Row>) {
  const t = useT();
  const gridId = useId();
  const grid = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Active>({ row: 0, column: 0 });
  const [hasFocus, setHasFocus] = useState(false);
  const [menu, setMenu] = useState<{ id: string; anchor: HTMLElement } | null>(null);
  const isMenuNeeded = useNeeded(menu !== null, ColumnMenu);
  const lastChosen = useRef(0);

  const drag = useColumnDrag({
    onResize: (id, width) => onColumnState(resized(columnState, id, width)),
    onMove: (id, target, side) => onColumnState(moved(columns, columnState, id, target, side)),
  });
  const { draft } = drag;
  const shownState = useMemo(() => (draft ? resized(columnState, draft.id, draft.width) : columnState), [columnState, draft]);
  const hasMore = total === undefined || total === null ? onEndReached !== undefined && (loading || rows.length > 0) : rows.length < total;
  const count = rows.length + (hasMore ? WAITING : 0);
  const headHeight = HEAD_HEIGHT + (groupHeaders ? GROUP_HEIGHT : 0);
  const headRows = groupHeaders ? 2 : 1;
  const { layout, rows: down, across, first, last } = useWindow({
    grid, columns, state: shownState, hasSelection: onSelection !== undefined, count, rowHeight, headHeight,
  });
  const seen = down.getVirtualItems();
  // Elements of rows that have left are used for those that come: changing them costs less than making others.
  const pool = useRef(0);
  pool.current = Math.max(pool.current, seen.length);
  const lastSeen = seen.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !loading && lastSeen >= rows.length - AHEAD) onEndReached?.();
  }, [hasMore, loading, lastSeen, rows.length, onEndReached]);

  const chosen = selection ?? NONE;
  const columnCount = layout.all.length + (layout.hasSelection ? 1 : 0);
  const here: Active = { row: Math.min(active.row, rows.length - 1), column: Math.min(active.column, columnCount - 1) };
  const columnAt = (index: number) => layout.all[index - (layout.hasSelection ? 1 : 0)]?.column;
  const move = (to: Active) => {
    setActive(to);
    if (to.row >= 0) down.scrollToIndex(to.row);
    const at = to.column - (layout.hasSelection ? 1 : 0) - layout.pinned.length;
    if (at >= 0) across.scrollToIndex(at);
  };
  const toggle = (row: number) => {
    const data = rows[row];
    if (data === undefined || !onSelection) return;
    lastChosen.current = row;
    onSelection(toggled(chosen, rowKey(data)));
  };
  const selectTo = (row: number) => onSelection?.(withRange(chosen, rows, rowKey, lastChosen.current, row));
  const selectAll = () => onSelection?.(new Set(rows.map(rowKey)));
  const sortBy = (index: number) => {
    if (index === 0 && layout.hasSelection) return chosen.size > 0 ? onSelection?.(NONE) : selectAll();
    const column = columnAt(index);
    if (column?.sortable) onSort?.(nextSort(column.id, sort));
  };
  const openMenu = useCallback((id: string, anchor: HTMLElement) => setMenu({ id, anchor }), []);

  const click = (event: MouseEvent<HTMLElement>) => {
    if (!(event.target instanceof Element) || drag.takesClick()) return;
    const cell = event.target.closest<HTMLElement>('[data-column]');
    const row = Number(cell?.closest<HTMLElement>('[data-row]')?.dataset['row'] ?? NaN);
    const column = Number(cell?.dataset['column'] ?? NaN);
    if (Number.isNaN(row) || Number.isNaN(column) || event.target.closest('a, button, input, label')) return;
    setActive({ row, column });
    if (row < 0) return sortBy(column);
    if (event.shiftKey) return selectTo(row);
    if (layout.hasSelection && (column === 0 || event.ctrlKey || event.metaKey)) return toggle(row);
    if (event.detail === 2) open(row);
  };
  const open = (row: number) => {
    const data = rows[row];
    if (data !== undefined) onOpen?.(data);
  };
  const cellOf = ({ row, column }: Active) => document.getElementById(cellId(gridId, row, column));

  return (
    <div
      ref={grid}
      role="grid"
      tabIndex={0}
      className={classes(styles.grid, fill && styles.fill)}
      aria-label={caption}
      aria-rowcount={hasMore && !total ? -1 : (total ?? rows.length) + headRows}
      aria-colcount={columnCount}
      aria-multiselectable={layout.hasSelection || undefined}
      aria-busy={loading || undefined}
      aria-activedescendant={hasFocus ? cellId(gridId, here.row, here.column) : undefined}
      data-focus={hasFocus || undefined}
      onFocus={(event) => setHasFocus(event.target === event.currentTarget)}
      onBlur={() => setHasFocus(false)}
      onClick={click}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) {
          if (event.key === 'Escape') grid.current?.focus();
          return;
        }
        const id = columnAt(here.column)?.id;
        const width = layout.all.find((placed) => placed.column.id === id)?.width ?? 0;
        gridKey(event, {
          active: here,
          rows: rows.length,
          columns: columnCount,
          page: Math.max(1, Math.floor((event.currentTarget.clientHeight - headHeight) / rowHeight) - 1),
          move,
          open: () => open(here.row),
          toggle: () => toggle(here.row),
          selectTo,
          selectAll,
          clear: () => onSelection?.(NONE),
          sort: () => sortBy(here.column),
          widen: (pixels) => id !== undefined && onColumnState(resized(columnState, id, width + pixels)),
          shift: (step) => {
            if (id === undefined) return;
            onColumnState(stepped(columns, columnState, layout, id, step));
            move({ row: -1, column: here.column + step });
          },
          menu: () => {
            const anchor = cellOf(here);
            if (anchor && id !== undefined) openMenu(id, anchor);
          },
          enter: () => cellOf(here)?.querySelector<HTMLElement>('a, button, input')?.focus(),
        });
      }}
    >
      <VirtualHeader
        gridId={gridId}
        layout={layout}
        first={first}
        last={last}
        groups={groupHeaders}
        sort={sort}
        selected={chosen.size === 0 ? 'none' : chosen.size >= rows.length ? 'all' : 'some'}
        activeColumn={hasFocus && here.row === -1 ? here.column : -1}
        drop={drag.drop}
        onMenu={openMenu}
        onResizeStart={drag.resizeStart}
        onResizeReset={(id) => onColumnState(resized(columnState, id, null))}
        onMoveStart={drag.moveStart}
      />
      <div role="rowgroup" className={styles.body} style={{ height: Math.max(down.getTotalSize() - headHeight, 0), width: layout.width }}>
        {seen.map(({ index, start }) => {
          const row = rows[index];
          return (
            <VirtualRow
              key={index % pool.current}
              row={row}
              gridId={gridId}
              index={index}
              ariaIndex={index + headRows + 1}
              start={start - headHeight}
              height={rowHeight}
              layout={layout}
              first={first}
              last={last}
              isSelected={row !== undefined && chosen.has(rowKey(row))}
              activeColumn={hasFocus && here.row === index ? here.column : -1}
            />
          );
        })}
      </div>
      {rows.length === 0 && !hasMore && <div className={styles.empty}>{empty ?? t('ui.nothing_matches')}</div>}
      {isMenuNeeded && (
        <Suspense fallback={null}>
          <ColumnMenu.Component
            open={menu}
            onClose={() => setMenu(null)}
            grid={grid}
            columns={columns}
            layout={layout}
            state={columnState}
            onState={onColumnState}
            sort={sort}
            onSort={onSort}
          />
        </Suspense>
      )}
    </div>
  );
}
