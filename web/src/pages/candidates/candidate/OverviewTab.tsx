import { useT } from '../../../i18n';
import { Card, Digest, Duration, MetricValue, Person, Section, StatusChip, TextLink, Time } from '../../../ui';
import { secondsOf } from '../table/rows';
import { Facts, type Fact } from './Facts';
import { NOTE_TAG, SYSTEM_PREFIX, tagOf, type CandidateDetails } from './types';
import styles from './candidate.module.css';

const MOST = 12;

/** What a candidate is, at a glance. */
export function OverviewTab({ project, candidate }: { readonly project: string; readonly candidate: CandidateDetails }) {
  const t = useT();
  const note = tagOf(candidate, NOTE_TAG);
  const seconds = secondsOf(candidate, Date.now());
  const { parent, experiment, startedAt, finishedAt, modelVersions, createdBy } = candidate;
  const commit = tagOf(candidate, 'mlflow.source.git.commit');
  const branch = tagOf(candidate, 'mlflow.source.git.branch');
  const facts: Fact[] = [
    { label: t('candidates.attribute.status'), value: <StatusChip status={candidate.status} /> },
    { label: t('candidates.attribute.started'), value: startedAt !== null && <Time at={startedAt} withTime /> },
    { label: t('candidates.ended'), value: finishedAt !== null && <Time at={finishedAt} withTime /> },
    { label: t('candidates.attribute.duration'), value: seconds !== null && <Duration seconds={seconds} /> },
    { label: t('candidates.attribute.user'), value: candidate.username },
    { label: t('candidates.created_by'), value: createdBy !== null && <Person user={createdBy} /> },
    {
      label: t('candidates.attribute.experiment'),
      value: experiment !== null && (
        <TextLink to="/p/$project/experiments/$number" params={{ project, number: String(experiment.number) }}>
          {experiment.name}
        </TextLink>
      ),
    },
    {
      label: t('candidates.parent'),
      value: parent !== null && (
        <TextLink to="/p/$project/candidates/$candidate" params={{ project, candidate: parent.uuid }}>
          {parent.name}
        </TextLink>
      ),
    },
    {
      label: t('candidates.attribute.versions'),
      value: modelVersions.length > 0 && (
        <span className={styles.list}>
          {modelVersions.map(({ id, version, model }) =>
            model === null ? null : (
              <TextLink key={id} to="/p/$project/models/$model/versions/$version" params={{ project, model: model.name, version }}>
                {model.name} {version}
              </TextLink>
            ),
          )}
        </span>
      ),
    },
    { label: t('candidates.source'), value: tagOf(candidate, 'mlflow.source.name') },
    { label: t('candidates.entry_point'), value: tagOf(candidate, 'mlflow.project.entryPoint') },
    { label: t('candidates.commit'), value: commit !== null && <Digest value={commit} /> },
    { label: t('candidates.branch'), value: branch },
    { label: t('candidates.attribute.uuid'), value: <Digest value={candidate.uuid} /> },
  ];
  const metrics = candidate.metrics.filter(({ key }) => !key.startsWith(SYSTEM_PREFIX));
  return (
    <div className={styles.columns}>
      <Section title={t('candidates.about')}>
        <Card>
          <Facts facts={facts} />
        </Card>
        {note !== null && (
          <Card>
            <h3 className={styles.heading}>{t('candidates.description')}</h3>
            <p className={styles.note}>{note}</p>
          </Card>
        )}
      </Section>
      <div>
        <Section title={t('candidates.tab.metrics')}>
          <Card>{metrics.length === 0 ? t('candidates.no_metrics') : <Facts facts={metrics.slice(0, MOST).map(({ key, value }) => ({ label: key, value: <MetricValue value={value} /> }))} />}</Card>
        </Section>
        <Section title={t('candidates.column_group.p')}>
          <Card>{candidate.params.length === 0 ? t('candidates.no_params') : <Facts facts={candidate.params.slice(0, MOST).map(({ key, value }) => ({ label: key, value }))} />}</Card>
        </Section>
      </div>
    </div>
  );
}
