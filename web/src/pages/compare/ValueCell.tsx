import { useLanguage, useT } from '../../i18n';
import { formatMetric } from '../../ui';
import styles from './SidesTable.module.css';
import type { Cell } from './values';

/** A value of one side, with how far it is from the baseline's. */
export function ValueCell({ cell, isBaseline }: { readonly cell: Cell; readonly isBaseline: boolean }) {
  const t = useT();
  const language = useLanguage();
  const { text, number, note, change } = cell;
  const names = [styles.value, number === undefined ? '' : styles.number, cell.isOther ? styles.other : '', isBaseline ? styles.baseline : ''];
  if (text === null) {
    return (
      <td className={names.join(' ')}>
        <span aria-label={t('compare.absent')}>–</span>
      </td>
    );
  }
  const shown = number === undefined ? text : formatMetric(number);
  return (
    <td className={names.join(' ')} title={note === undefined ? text : `${text} · ${t('compare.at_step', { step: note })}`}>
      <span className={styles.text}>{shown}</span>
      {change !== undefined && change !== null && (
        <span className={styles.change}>
          {new Intl.NumberFormat(language, { style: 'percent', maximumSignificantDigits: 3, signDisplay: 'always' }).format(change)}
        </span>
      )}
    </td>
  );
}
