import { ArrowDown, ArrowUp, EllipsisVertical } from 'lucide-react';
import type { PointerEvent } from 'react';
import { useT } from '../../../i18n';
import { classes } from '../../classes';
import type { Sort } from '../columns';
import type { Side } from './changes';
import type { Placed } from './layout';
import { cellId } from './VirtualRow';
import styles from './VirtualTable.module.css';

export interface HeaderCellProps<Row> {
  readonly gridId: string;
  readonly placed: Placed<Row>;
  readonly sort: Sort | null | undefined;
  readonly isActive: boolean;
  /** Another column is being drawn here. */
  readonly drop: Side | undefined;
  readonly onMenu: (id: string, anchor: HTMLElement) => void;
  readonly onResizeStart: (id: string, width: number, event: PointerEvent<HTMLElement>) => void;
  readonly onResizeReset: (id: string) => void;
  readonly onMoveStart: (id: string, event: PointerEvent<HTMLElement>) => void;
}

/** The head of a column: sorts when clicked, is drawn to move, and has an edge to change the width. */
export function HeaderCell<Row>({
  gridId, placed, sort, isActive, drop, onMenu, onResizeStart, onResizeReset, onMoveStart,
}: HeaderCellProps<Row>) {
  const t = useT();
  const { column, width, index } = placed;
  const direction = sort?.column === column.id ? sort.direction : undefined;
  const Icon = direction === 'asc' ? ArrowUp : ArrowDown;
  return (
    <div
      id={cellId(gridId, -1, index)}
      role="columnheader"
      aria-colindex={index + 1}
      aria-sort={direction && (direction === 'asc' ? 'ascending' : 'descending')}
      data-column={index}
      data-header={column.id}
      data-active={isActive || undefined}
      data-drop={drop}
      className={classes(styles.head, column.align && styles[column.align], column.sortable && styles.sortable)}
      style={{ width }}
      onPointerDown={(event) => onMoveStart(column.id, event)}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu(column.id, event.currentTarget);
      }}
    >
      <span className={styles.title} title={column.header}>
        {column.header}
      </span>
      {direction && <Icon className={styles.direction} aria-hidden />}
      <button
        type="button"
        tabIndex={-1}
        className={styles.menu}
        aria-label={t('ui.column_menu', { name: column.header })}
        onPointerDown={(event) => event.stopPropagation()}
        onClick={(event) => {
          event.stopPropagation();
          onMenu(column.id, event.currentTarget);
        }}
      >
        <EllipsisVertical />
      </button>
      <span
        className={styles.handle}
        aria-hidden
        onClick={(event) => event.stopPropagation()}
        onDoubleClick={() => onResizeReset(column.id)}
        onPointerDown={(event) => {
          event.stopPropagation();
          onResizeStart(column.id, width, event);
        }}
      />
    </div>
  );
}
