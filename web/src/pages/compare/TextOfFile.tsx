import { useQuery } from '@tanstack/react-query';
import { asFailure } from '../../api';
import { useT } from '../../i18n';
import { Problem, Skeleton } from '../../ui';
import styles from './Compare.module.css';
import { rowsOf, shownAs } from './shown_files';

/** No more is fetched of a text. */
const MOST_BYTES = 256 * 1_024;

interface TextOfFileProps {
  readonly id: string;
  readonly path: string;
  readonly address: string;
}

/** The beginning of a table or text, as text: nothing in it is taken for anything else. */
export function TextOfFile({ id, path, address }: TextOfFileProps) {
  const t = useT();
  const answer = useQuery<string>({
    queryKey: ['CompareText', id],
    queryFn: async ({ signal }) => {
      try {
        const response = await fetch(address, { signal, headers: { range: `bytes=0-${MOST_BYTES - 1}` } });
        if (!response.ok) throw new Error(`${response.status}`);
        return (await response.text()).slice(0, MOST_BYTES);
      } catch (error) {
        throw asFailure(error);
      }
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (answer.error) return <Problem failure={answer.error} inline />;
  if (answer.data === undefined) return <Skeleton />;
  if (shownAs(path)?.kind !== 'table') {
    return (
      <pre className={styles.text} tabIndex={0}>
        {answer.data}
      </pre>
    );
  }
  const [head = [], ...rows] = rowsOf(answer.data, /\.tsv$/i.test(path) ? '\t' : ',');
  return (
    <div className={styles.text} tabIndex={0} role="region" aria-label={t('compare.table_of', { path })}>
      <table className={styles.table}>
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col">
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
