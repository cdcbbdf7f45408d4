import { ArrowDown, ArrowUp, ArrowUpDown } from 'lucide-react';
import { classes } from '../classes';
import { alignOf, nextSort, type Column, type Sort } from './columns';
import styles from './Table.module.css';

export interface TableHeadProps<Row> {
  readonly column: Column<Row>;
  readonly sort: Sort | null | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
}

/** The head of a column of `Table`. */
export function TableHead<Row>({ column, sort, onSort }: TableHeadProps<Row>) {
  const direction = sort?.column === column.id ? sort.direction : undefined;
  const Icon = direction === undefined ? ArrowUpDown : direction === 'asc' ? ArrowUp : ArrowDown;
  const isSortable = column.sortable && onSort;
  return (
    <th
      scope="col"
      className={classes(styles[alignOf(column)], column.hideOnPhone && styles.hideOnPhone)}
      aria-sort={!isSortable || !direction ? undefined : direction === 'asc' ? 'ascending' : 'descending'}
    >
      {isSortable ? (
        <button type="button" className={classes(styles.sort, direction && styles.sorted)} onClick={() => onSort(nextSort(column.id, sort))}>
          {column.header}
          <Icon aria-hidden />
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}
