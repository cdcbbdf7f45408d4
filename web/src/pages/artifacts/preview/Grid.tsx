import { COLUMNS } from './csv';
import styles from './Preview.module.css';

interface Props {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly caption: string;
}

const isNumber = (value: string) => value !== '' && !Number.isNaN(Number(value));

/** A table of texts that scrolls within its own box; numbers stand at the right. */
export function Grid({ columns, rows, caption }: Props) {
  const shown = columns.slice(0, COLUMNS);
  const isNumeric = shown.map((_, index) => rows.slice(0, 20).every((row) => isNumber(row[index] ?? '0')));
  return (
    <div className={styles.grid} tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col" aria-hidden="true" />
            {shown.map((column, index) => (
              <th key={index} scope="col" data-number={isNumeric[index] || undefined}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              <th scope="row">{at + 1}</th>
              {shown.map((_, index) => (
                <td key={index} data-number={isNumeric[index] || undefined} title={(row[index]?.length ?? 0) > 40 ? row[index] : undefined}>
                  {row[index]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
