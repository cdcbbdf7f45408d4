import { asFailure, usePages } from '../../api';
import { VersionEvaluationsDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, Empty, MetricValue, Person, Problem, Section, Skeleton, Table, Time } from '../../ui';
import { CandidateLink } from '../models/CandidateLink';
import models from '../models/models.module.css';
import styles from './versions.module.css';

/** Results of trying a version on named data sets, newest first. */
export function EvaluationsTab({ project, id }: { readonly project: string; readonly id: string }) {
  const t = useT();
  const evaluations = usePages(VersionEvaluationsDocument, { id }, (data) => data.modelVersion?.evaluations);
  if (evaluations.query.isError && evaluations.rows.length === 0) {
    return <Problem failure={asFailure(evaluations.query.error)} onRetry={() => void evaluations.query.refetch()} />;
  }
  if (evaluations.first === undefined) return <Skeleton rows={6} />;
  if (evaluations.rows.length === 0) return <Empty title={t('versions.no_evaluations')}>{t('versions.no_evaluations_hint')}</Empty>;
  return (
    <div className={models.aside}>
      {evaluations.rows.map((evaluation) => (
        <Section
          key={evaluation.id}
          title={[evaluation.name, [evaluation.datasetName, evaluation.datasetDigest].filter(Boolean).join(' @ ')]
            .filter(Boolean)
            .join(': ')}
          actions={evaluation.replacedBy && <Chip tone="neutral">{t('versions.replaced')}</Chip>}
        >
          <p className={models.byline}>
            <Time at={evaluation.evaluatedAt} withTime />
            <Person user={evaluation.createdBy} />
            {evaluation.isFromMlflow && <Chip tone="neutral">MLflow</Chip>}
            {evaluation.candidate && (
              <CandidateLink project={project} candidate={evaluation.candidate} />
            )}
          </p>
          {evaluation.description !== '' && <p className={styles.entries}>{evaluation.description}</p>}
          <Table<(typeof evaluation.metrics)[number]>
            caption={t('versions.tab_metrics')}
            rows={evaluation.metrics}
            rowKey={({ key, slice }) => `${key}\n${slice ?? ''}`}
            empty={t('versions.none_fits')}
            columns={[
              { id: 'key', header: t('versions.metric'), cell: ({ key }) => key },
              { id: 'slice', header: t('versions.slice'), cell: ({ slice }) => slice ?? t('versions.whole_dataset') },
              { id: 'value', header: t('versions.value'), align: 'end', cell: ({ value }) => <MetricValue value={value} /> },
            ]}
          />
        </Section>
      ))}
      {evaluations.query.hasNextPage && <Button onClick={evaluations.more}>{t('models.show_more')}</Button>}
    </div>
  );
}
