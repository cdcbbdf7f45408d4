import { useLanguage, useT } from '../i18n';
import styles from './DataTable.module.css';
import { shortNumber } from './formats';
import type { ChartTable } from './types';

/** More rows are for the CSV file. */
const MOST_ROWS = 500;

/** A chart as a table, for those who do not see it and for those who want the numbers. */
export function DataTable({ table, caption }: { readonly table: ChartTable; readonly caption: string }) {
  const t = useT();
  const language = useLanguage();
  return (
    <div className={styles.box} tabIndex={0} role="region" aria-label={caption}>
      <table className={styles.table}>
        <thead>
          <tr>
            {table.columns.map((column, index) => (
              <th key={index} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.slice(0, MOST_ROWS).map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column} className={typeof cell === 'number' ? styles.number : undefined}>
                  {typeof cell === 'number' ? shortNumber(cell, language, 8) : cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {table.rows.length > MOST_ROWS && (
        <p className={styles.more}>{t('compare.chart_more_rows', { shown: MOST_ROWS, count: table.rows.length })}</p>
      )}
    </div>
  );
}
