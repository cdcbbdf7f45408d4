import type { VersionHeadQuery } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Section } from '../../ui';
import { factsOf } from './facts';
import { FactRow } from './FactRow';
import styles from './versions.module.css';

type Facts = NonNullable<NonNullable<VersionHeadQuery['modelVersion']>['facts']>;

/** The six facts of a version, each with where it comes from. */
export function FactsSection({ facts }: { readonly facts: Facts }) {
  const t = useT();
  return (
    <Section
      title={t('versions.facts')}
      actions={
        <>
          <Chip tone={facts.presentCount === 6 ? 'good' : 'neutral'}>{t('versions.facts_present', { count: facts.presentCount })}</Chip>
          {facts.hasConflicts && <Chip tone="warn">{t('versions.facts_conflict')}</Chip>}
        </>
      }
    >
      <dl className={styles.facts}>
        {factsOf(facts, t).map((fact) => (
          <FactRow key={fact.fact} fact={fact} />
        ))}
      </dl>
    </Section>
  );
}
