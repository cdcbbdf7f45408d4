import { Check, Minus } from 'lucide-react';
import { useMemo, type PointerEvent } from 'react';
import { useT } from '../../../i18n';
import type { Sort } from '../columns';
import type { Side } from './changes';
import { HeaderCell } from './HeaderCell';
import { GROUP_HEIGHT, HEAD_HEIGHT, SELECT_WIDTH, spans, type GroupSpan, type Layout, type Placed } from './layout';
import type { GroupHeader } from './types';
import { cellId } from './VirtualRow';
import styles from './VirtualTable.module.css';

export interface VirtualHeaderProps<Row> {
  readonly gridId: string;
  readonly layout: Layout<Row>;
  readonly first: number;
  readonly last: number;
  readonly groups: readonly GroupHeader[] | undefined;
  readonly sort: Sort | null | undefined;
  readonly selected: 'all' | 'some' | 'none';
  readonly activeColumn: number;
  readonly drop: { readonly id: string; readonly side: Side } | null;
  readonly onMenu: (id: string, anchor: HTMLElement) => void;
  readonly onResizeStart: (id: string, width: number, event: PointerEvent<HTMLElement>) => void;
  readonly onResizeReset: (id: string) => void;
  readonly onMoveStart: (id: string, event: PointerEvent<HTMLElement>) => void;
}

/** The heads of the columns, and above them those of groups; they stay when rows are scrolled. */
export function VirtualHeader<Row>({
  gridId, layout, first, last, groups, sort, selected, activeColumn, drop, ...on
}: VirtualHeaderProps<Row>) {
  const t = useT();
  const { pinned, scrolled, hasSelection, pinnedWidth, width } = layout;
  const above = useMemo(
    () => groups && { pinned: spans(pinned, groups), scrolled: spans(scrolled, groups) },
    [groups, pinned, scrolled],
  );
  const head = (placed: Placed<Row>) => (
    <HeaderCell
      key={placed.column.id}
      {...on}
      gridId={gridId}
      placed={placed}
      sort={sort}
      isActive={placed.index === activeColumn}
      drop={drop?.id === placed.column.id ? drop.side : undefined}
    />
  );
  const group = (left: number) => ({ key, label, start, width: wide, index, count }: GroupSpan) => (
    <div
      key={key}
      role="columnheader"
      aria-colindex={index + 1}
      aria-colspan={count}
      className={styles.group}
      style={{ left: start, width: wide }}
    >
      <span className={styles.groupLabel} style={{ left }}>
        {label}
      </span>
    </div>
  );
  return (
    <div role="rowgroup" className={styles.header} style={{ width }}>
      {above && (
        <div role="row" aria-rowindex={1} className={styles.headRow} style={{ height: GROUP_HEIGHT, width }}>
          {above.scrolled.map(group(pinnedWidth))}
          <div className={styles.pinned} style={{ width: pinnedWidth }}>
            {above.pinned.map(group(0))}
          </div>
        </div>
      )}
      <div role="row" aria-rowindex={above ? 2 : 1} data-row={-1} className={styles.headRow} style={{ height: HEAD_HEIGHT, width }}>
        <div className={styles.pinned} style={{ width: pinnedWidth }}>
          {hasSelection && (
            <div
              id={cellId(gridId, -1, 0)}
              role="columnheader"
              aria-colindex={1}
              aria-label={t('ui.select_all')}
              data-column={0}
              data-active={activeColumn === 0 || undefined}
              className={styles.selectCell}
              style={{ width: SELECT_WIDTH }}
            >
              <span className={styles.box} data-checked={selected !== 'none' || undefined}>
                {selected === 'all' && <Check />}
                {selected === 'some' && <Minus />}
              </span>
            </div>
          )}
          {pinned.map(head)}
        </div>
        <div style={{ width: (scrolled[first]?.start ?? pinnedWidth) - pinnedWidth }} className={styles.gap} />
        {scrolled.slice(first, last + 1).map(head)}
      </div>
    </div>
  );
}
