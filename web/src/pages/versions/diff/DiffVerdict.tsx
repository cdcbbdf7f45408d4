import type { VersionDiffQuery } from '../../../api/operations';
import { useT } from '../../../i18n';
import { Chip, Section } from '../../../ui';
import styles from '../versions.module.css';

export type ShownDiff = NonNullable<VersionDiffQuery['modelVersionDiff']>;

/** Whether the step of the number says as much as the differences take, and why. */
export function DiffVerdict({ diff }: { readonly diff: ShownDiff }) {
  const t = useT();
  const { leastIncrement, madeIncrement, isIncrementEnough, isCertain, causes } = diff;
  return (
    <Section
      title={t('versions.step')}
      actions={
        <Chip tone={isIncrementEnough ? 'good' : 'warn'}>
          {isIncrementEnough ? t('versions.step_enough') : t('versions.step_too_small')}
        </Chip>
      }
    >
      <p>
        {leastIncrement === null
          ? t('versions.least_none')
          : t('versions.least', { step: t(`versions.increment_${leastIncrement}`) })}{' '}
        {madeIncrement === null ? t('versions.made_none') : t('versions.made', { step: t(`versions.increment_${madeIncrement}`) })}
        {!isCertain && ` ${t('versions.uncertain')}`}
      </p>
      {causes.length > 0 && (
        <ul className={styles.findings}>
          {causes.map(({ increment, kind, description }) => (
            <li key={`${kind}:${description}`}>
              <span className={styles.statementHead}>
                <Chip tone={increment === 'MAJOR' ? 'bad' : increment === 'MINOR' ? 'info' : 'neutral'}>
                  {t(`versions.increment_${increment}`)}
                </Chip>
                <span className={styles.factText}>{description}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
