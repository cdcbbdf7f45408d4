import { Pencil } from 'lucide-react';
import { useT } from '../../i18n';
import { IconButton } from '../../ui';
import type { StatedFact } from './fact_drafts';
import type { ShownFact } from './facts';
import { FactStatements } from './FactStatements';
import styles from './versions.module.css';

/** One fact: what it says, and below it the sources, to be opened. */
export function FactRow({
  fact: { fact, lines, statements, conflicts },
  toState,
  onState,
}: {
  readonly fact: ShownFact;
  /** The fact, if the reader may state it. */
  readonly toState: StatedFact | undefined;
  readonly onState: (fact: StatedFact) => void;
}) {
  const t = useT();
  return (
    <div className={styles.fact}>
      <dt>
        {t(`versions.fact_${fact}`)}
        {toState && (
          <IconButton
            icon={<Pencil />}
            label={t('versions.fact_edit', { fact: t(`versions.fact_${fact}`) })}
            onClick={() => onState(toState)}
          />
        )}
      </dt>
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
