import type { StatementFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Person, Time } from '../../ui';
import styles from './versions.module.css';

/** Which sources say a fact, what each says, and since when. */
export function FactStatements({ statements }: { readonly statements: readonly StatementFragment[] }) {
  const t = useT();
  return (
    <ul className={styles.statements}>
      {statements.map(({ source, detail, note, learnedAt, isKept, entries, statedBy }, index) => (
        <li key={`${source}:${detail}:${index}`}>
          <span className={styles.statementHead}>
            <Chip tone="neutral">{t(`versions.source_${source}`)}</Chip>
            <span className={styles.factText}>{detail}</span>
            {statedBy && <Person user={statedBy} />}
            {learnedAt !== null && <Time at={learnedAt} />}
            {isKept && <Chip tone="info">{t('versions.kept')}</Chip>}
          </span>
          {entries.length > 0 && (
            <span className={styles.entries}>{entries.map(({ key, value }) => `${key}: ${value ?? '–'}`).join(' · ')}</span>
          )}
          {note !== '' && <q className={styles.entries}>{note}</q>}
        </li>
      ))}
    </ul>
  );
}
