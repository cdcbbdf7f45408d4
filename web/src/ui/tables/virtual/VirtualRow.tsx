import { Check } from 'lucide-react';
import { memo } from 'react';
import { classes } from '../../classes';
import { SELECT_WIDTH, type Layout, type Placed } from './layout';
import { VirtualCell } from './VirtualCell';
import styles from './VirtualTable.module.css';

export interface VirtualRowProps<Row> {
  readonly row: Row | undefined;
  readonly gridId: string;
  readonly index: number;
  /** Counted from 1, with the rows of headings. */
  readonly ariaIndex: number;
  readonly start: number;
  readonly height: number;
  readonly layout: Layout<Row>;
  /** The columns that are drawn of those that scroll. */
  readonly first: number;
  readonly last: number;
  readonly isSelected: boolean;
  /** −1: the active cell is in another row. */
  readonly activeColumn: number;
}

/** The id of a cell, for `aria-activedescendant`. */
export function cellId(gridId: string, row: number, column: number): string {
  return `${gridId}-${row}-${column}`;
}

function Row<Data>({
  row, gridId, index, ariaIndex, start, height, layout, first, last, isSelected, activeColumn,
}: VirtualRowProps<Data>) {
  const cell = (placed: Placed<Data>) => (
    <VirtualCell
      key={placed.column.id}
      id={cellId(gridId, index, placed.index)}
      placed={placed}
      row={row}
      isActive={placed.index === activeColumn}
    />
  );
  const { pinned, scrolled, hasSelection, pinnedWidth, width } = layout;
  return (
    <div
      role="row"
      aria-rowindex={ariaIndex}
      aria-selected={hasSelection ? isSelected : undefined}
      data-row={index}
      className={classes(styles.row, isSelected && styles.selected)}
      style={{ transform: `translateY(${start}px)`, height, width }}
    >
      <div className={styles.pinned} style={{ width: pinnedWidth }}>
        {hasSelection && (
          <div
            id={cellId(gridId, index, 0)}
            role="gridcell"
            aria-colindex={1}
            data-column={0}
            data-active={activeColumn === 0 || undefined}
            className={styles.selectCell}
            style={{ width: SELECT_WIDTH }}
          >
            <span className={styles.box}>{isSelected && <Check />}</span>
          </div>
        )}
        {pinned.map(cell)}
      </div>
      <div style={{ width: (scrolled[first]?.start ?? pinnedWidth) - pinnedWidth }} className={styles.gap} />
      {scrolled.slice(first, last + 1).map(cell)}
    </div>
  );
}

/** One row, with the cells that are to be seen. */
export const VirtualRow = memo(Row);
