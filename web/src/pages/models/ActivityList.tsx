import { useT } from '../../i18n';
import { Empty, Person, Time } from '../../ui';
import type { Happening } from './activity';
import styles from './models.module.css';
import { VersionLink } from './VersionLink';

/** News as lines: what, which version, who, when, why. */
export function ActivityList({
  project,
  model,
  happened,
}: {
  readonly project: string;
  readonly model: string;
  readonly happened: readonly Happening[];
}) {
  const t = useT();
  if (happened.length === 0) return <Empty title={t('models.nothing_happened')}>{null}</Empty>;
  return (
    <ol className={styles.activity}>
      {happened.map(({ at, kind, version, name, reason, by }, index) => (
        <li key={`${at}:${kind}:${index}`}>
          <span className={styles.happening}>
            {version !== null && <VersionLink project={project} model={model} version={version} />}
            <span>{t(`models.happened_${kind}`, { name })}</span>
          </span>
          {reason !== '' && <q className={styles.reason}>{reason}</q>}
          <span className={styles.byline}>
            {by !== '' && <Person user={typeof by === 'string' ? { name: by } : by} />}
            <Time at={at} withTime />
          </span>
        </li>
      ))}
    </ol>
  );
}
