import { Fragment } from 'react';
import { useT } from '../../i18n';
import type { Comparison } from './comparison';
import type { Change } from './ComparePage';
import { SideHead } from './SideHead';
import styles from './SidesTable.module.css';
import type { Cell } from './values';
import { ValueCell } from './ValueCell';

/** Rows of one kind below a title. */
export interface RowGroup {
  readonly title: string;
  readonly rows: readonly { readonly key: string; readonly cells: readonly Cell[] }[];
  /** What is said when there is no row. */
  readonly empty: string;
}

interface SidesTableProps {
  readonly project: string;
  readonly comparison: Comparison;
  /** The position of the side that the others are measured by. */
  readonly baseline: number | null;
  readonly change: Change;
  readonly children: readonly RowGroup[];
}

/** Sides as columns, keys as rows; keys and heads stay where they are while it scrolls. */
export function SidesTable({ project, comparison, baseline, change, children }: SidesTableProps) {
  const t = useT();
  return (
    <div className={styles.box} tabIndex={0} role="region" aria-label={t('compare.side_by_side')}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col" className={styles.key}>
              {t('compare.key')}
            </th>
            {comparison.sides.map((side, index) => (
              <th scope="col" key={side.id} className={index === baseline ? styles.baseline : undefined}>
                <SideHead project={project} comparison={comparison} side={side} look={index} isBaseline={index === baseline} change={change} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {children.map(({ title, rows, empty }) => (
            <Fragment key={title}>
              <tr>
                <th scope="rowgroup" className={styles.group}>
                  {title} <span className={styles.count}>{rows.length}</span>
                </th>
                <td className={styles.groupRest} colSpan={comparison.sides.length}>
                  {rows.length === 0 && empty}
                </td>
              </tr>
              {rows.map(({ key, cells }) => (
                <tr key={key}>
                  <th scope="row" className={styles.key} title={key}>
                    {key}
                  </th>
                  {cells.map((cell, index) => (
                    <ValueCell key={index} cell={cell} isBaseline={index === baseline} />
                  ))}
                </tr>
              ))}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
