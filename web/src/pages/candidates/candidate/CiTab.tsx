import { useT } from '../../../i18n';
import { Card, Digest, Duration, Empty, StatusChip, Time } from '../../../ui';
import { Facts } from './Facts';
import type { CandidateDetails } from './types';
import styles from './candidate.module.css';

type Job = CandidateDetails['ciJobs'][number];

/** Only addresses of the web: what a CI system tells is not trusted further. */
function safe(url: string | null): string | null {
  return url !== null && /^https?:\/\//.test(url) ? url : null;
}

/** The CI jobs that produced a candidate, the last one first. */
export function CiTab({ candidate: { ciJobs } }: { readonly candidate: CandidateDetails }) {
  const t = useT();
  if (ciJobs.length === 0) return <Empty title={t('candidates.no_ci')}>{t('candidates.no_ci_text')}</Empty>;
  return (
    <div className={styles.stack}>
      {ciJobs.map((job) => (
        <JobCard key={job.id} job={job} />
      ))}
    </div>
  );
}

function JobCard({ job }: { readonly job: Job }) {
  const t = useT();
  const seconds = job.startedAt !== null && job.finishedAt !== null ? (Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1_000 : null;
  return (
    <Card>
      <h3 className={styles.heading}>
        <Outside url={job.webUrl}>{job.name ?? `#${job.externalId}`}</Outside> <StatusChip status={job.status} />
      </h3>
      <Facts
        facts={[
          { label: t('candidates.ci_status'), value: job.ciStatus },
          { label: t('candidates.ci_reason'), value: job.statusReason },
          { label: t('candidates.ci_project'), value: job.ciProject },
          { label: t('candidates.branch'), value: job.ref },
          { label: t('candidates.commit'), value: job.commitSha !== null && <Digest value={job.commitSha} /> },
          { label: t('candidates.ci_pipeline'), value: job.pipelineId !== null && <Outside url={job.pipelineUrl}>#{job.pipelineId}</Outside> },
          { label: t('candidates.ci_merge_request'), value: job.mergeRequestIid !== null && <Outside url={job.mergeRequestUrl}>!{job.mergeRequestIid}</Outside> },
          { label: t('candidates.attribute.user'), value: job.username !== null && <Outside url={job.userUrl}>{job.username}</Outside> },
          { label: t('candidates.attribute.started'), value: job.startedAt !== null && <Time at={job.startedAt} withTime /> },
          { label: t('candidates.attribute.duration'), value: seconds !== null && <Duration seconds={seconds} /> },
          { label: t('candidates.ci_log'), value: safe(job.logUrl) !== null && <Outside url={job.logUrl}>{t('candidates.ci_open_log')}</Outside> },
        ]}
      />
    </Card>
  );
}

function Outside({ url, children }: { readonly url: string | null; readonly children: React.ReactNode }) {
  const address = safe(url);
  return address === null ? (
    <>{children}</>
  ) : (
    <a href={address} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
