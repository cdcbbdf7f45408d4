import { lazy, Suspense, useState } from 'react';
import type { VersionFactsFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip, Section } from '../../ui';
import { STATED, type StatedFact } from './fact_drafts';
import { factsOf } from './facts';
import { FactRow } from './FactRow';
import styles from './versions.module.css';

const FactDialog = lazy(async () => ({ default: (await import('./FactDialog')).FactDialog }));

/** The six facts of a version, each with where it comes from; who may change the version states what it lacks. */
export function FactsSection({
  version,
  facts,
}: {
  readonly version: { readonly id: string; readonly version: string; readonly sealedAt: string | null; readonly viewerCanUpdate: boolean };
  readonly facts: VersionFactsFragment;
}) {
  const t = useT();
  const [stating, setStating] = useState<StatedFact | null>(null);
  const toState = (fact: string) => (version.viewerCanUpdate ? STATED.find((one) => one === fact) : undefined);
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
          <FactRow key={fact.fact} fact={fact} toState={toState(fact.fact)} onState={setStating} />
        ))}
      </dl>
      <Suspense>
        {stating && <FactDialog version={version} fact={stating} facts={facts} onClose={() => setStating(null)} />}
      </Suspense>
    </Section>
  );
}
