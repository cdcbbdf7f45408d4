import { useT } from '../../i18n';
import type { ShownFact } from './facts';
import { FactStatements } from './FactStatements';
import styles from './versions.module.css';

/** One fact: what it says, and below it the sources, to be opened. */
export function FactRow({ fact: { fact, lines, statements, conflicts } }: { readonly fact: ShownFact }) {
  const t = useT();
  return (
    <div className={styles.fact}>
      <dt>{t(`versions.fact_${fact}`)}</dt>
      <dd>
        {lines.length === 0 && <span className={styles.missing}>{t('versions.fact_missing')}</span>}
        {lines.map(({ label, text }, index) => (
          <span key={index} className={styles.factLine}>
            {label !== null && <span className={styles.factLabel}>{label}</span>}
            <span className={styles.factText}>{text}</span>
          </span>
        ))}
        {conflicts
          .filter(({ isSettled }) => !isSettled)
          .map(({ key, values }) => (
            <span key={key} className={styles.conflict}>
              {t('versions.conflict', { key, values: values.map(({ value }) => value).join(' ≠ ') })}
            </span>
          ))}
        {statements.length > 0 && (
          <details className={styles.sources}>
            <summary>{t('versions.sources', { count: statements.length })}</summary>
            <FactStatements statements={statements} />
          </details>
        )}
      </dd>
    </div>
  );
}
