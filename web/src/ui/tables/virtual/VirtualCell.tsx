import { memo } from 'react';
import { classes } from '../../classes';
import type { Placed } from './layout';
import styles from './VirtualTable.module.css';

export interface VirtualCellProps<Row> {
  readonly id: string;
  readonly placed: Placed<Row>;
  /** Undefined: not here yet. */
  readonly row: Row | undefined;
  readonly isActive: boolean;
}

function Cell<Row>({ id, placed: { column, width, index }, row, isActive }: VirtualCellProps<Row>) {
  return (
    <div
      id={id}
      role="gridcell"
      aria-colindex={index + 1}
      data-column={index}
      data-active={isActive || undefined}
      className={classes(styles.cell, column.align && styles[column.align])}
      style={{ width }}
    >
      {row === undefined ? <span className={styles.waiting} /> : column.cell(row)}
    </div>
  );
}

/** One value. */
export const VirtualCell = memo(Cell);
