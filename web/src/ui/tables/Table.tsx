import type { ReactNode } from 'react';
import { useT } from '../../i18n';
import { classes } from '../classes';
import { Checkbox } from '../forms/Checkbox';
import { alignOf, type Column, type Sort } from './columns';
import { TableHead } from './TableHead';
import styles from './Table.module.css';

export interface TableProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly sort?: Sort | null | undefined;
  readonly onSort?: ((sort: Sort) => void) | undefined;
  readonly selected?: ReadonlySet<string> | undefined;
  readonly onSelect?: ((selected: ReadonlySet<string>) => void) | undefined;
  /** Stands in the place of rows when there are none. */
  readonly empty?: ReactNode;
  /** What the table shows, read aloud. */
  readonly caption: string;
  /** Cells of several lines: they begin at the same height. */
  readonly tall?: boolean | undefined;
  /** What a row is called where it is chosen; its key if not given. */
  readonly rowLabel?: ((row: Row) => string) | undefined;
}

/** A table of at most about a hundred rows; the first column stays where the others are scrolled sideways. */
export function Table<Row>({
  columns, rows, rowKey, sort, onSort, selected, onSelect, empty, caption, tall = false, rowLabel = rowKey,
}: TableProps<Row>) {
  const t = useT();
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  const chosen = selected ?? new Set<string>();
  const keys = rows.map(rowKey);
  const isAll = keys.length > 0 && keys.every((key) => chosen.has(key));
  const toggle = (key: string) => {
    const next = new Set(chosen);
    if (!next.delete(key)) next.add(key);
    onSelect?.(next);
  };
  return (
    <div className={styles.scroller} tabIndex={0} role="region" aria-label={caption}>
      <table className={classes(styles.table, tall && styles.tall)}>
        <caption className={styles.caption}>{caption}</caption>
        <colgroup>
          {onSelect && <col className={styles.selectColumn} />}
          {columns.map((column) => (
            <col
              key={column.id}
              className={column.hideOnPhone ? styles.hideOnPhone : undefined}
              style={column.width === undefined ? undefined : { width: column.width }}
            />
          ))}
        </colgroup>
        <thead>
          <tr>
            {onSelect && (
              <th scope="col" className={styles.select}>
                <Checkbox
                  aria-label={t('ui.select_all')}
                  checked={isAll}
                  mixed={!isAll && keys.some((key) => chosen.has(key))}
                  onChange={(next) => onSelect(new Set(next ? keys : []))}
                />
              </th>
            )}
            {columns.map((column) => (
              <TableHead key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => {
            const key = keys[index] ?? '';
            return (
              <tr key={key} aria-selected={onSelect ? chosen.has(key) : undefined}>
                {onSelect && (
                  <td className={styles.select}>
                    <Checkbox aria-label={t('ui.select_row', { name: rowLabel(row) })} checked={chosen.has(key)} onChange={() => toggle(key)} />
                  </td>
                )}
                {columns.map((column) => (
                  <td key={column.id} className={classes(styles[alignOf(column)], column.hideOnPhone && styles.hideOnPhone)}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
