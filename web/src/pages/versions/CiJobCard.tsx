import { RefreshCw, Unlink } from 'lucide-react';
import { change } from '../../api';
import { CiJobRefreshDocument, CiJobUnlinkDocument, type CiJobCardFragment } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Section, StatusChip, Time, toast } from '../../ui';
import { useRefresh } from '../models/refresh';
import styles from '../models/models.module.css';
import { httpOnly } from './links';
import { OutLink } from './OutLink';

/**
 * The CI job that made a version, with the ways to it, its log, pipeline and merge request.
 *
 * With `unlinkFrom`, the id of the version, the link can be ended.
 */
export function CiJobCard({ job, unlinkFrom }: { readonly job: CiJobCardFragment; readonly unlinkFrom?: string | undefined }) {
  const t = useT();
  const refresh = useRefresh(['VersionHead']);
  const done = async (changed: Promise<unknown>) => {
    try {
      await changed;
      refresh();
    } catch (error) {
      toast({ title: error instanceof Error ? error.message : String(error), tone: 'bad' });
    }
  };
  const askAgain = () => done(change(CiJobRefreshDocument, { input: { id: job.id } }));
  const unlink = (id: string) => done(change(CiJobUnlinkDocument, { input: { id: job.id, owner: { modelVersion: { id } } } }));
  const lines = [
    { label: t('versions.ci_job'), text: job.name ?? job.externalId, href: job.webUrl },
    { label: t('versions.ci_log'), text: job.logUrl === null ? null : t('versions.ci_log_of', { job: job.externalId }), href: job.logUrl },
    { label: t('versions.ci_pipeline'), text: job.pipelineId === null ? null : `#${job.pipelineId}`, href: job.pipelineUrl },
    {
      label: t('versions.ci_merge_request'),
      text: job.mergeRequestIid === null ? null : `!${job.mergeRequestIid}`,
      href: job.mergeRequestUrl,
    },
    { label: t('versions.ci_project'), text: job.ciProject, href: null },
    { label: t('versions.branch'), text: job.ref, href: null },
    { label: t('versions.commit'), text: job.commitSha, href: null },
    { label: t('versions.ci_user'), text: job.username, href: job.userUrl },
  ];
  return (
    <Section
      title={t('versions.ci')}
      actions={
        <>
          <StatusChip status={job.ciStatus ?? job.status} />
          {job.viewerCanRefresh && (
            <Button size="s" icon={<RefreshCw />} onClick={() => void askAgain()}>
              {t('versions.ci_refresh')}
            </Button>
          )}
          {unlinkFrom !== undefined && (
            <Button size="s" icon={<Unlink />} onClick={() => void unlink(unlinkFrom)}>
              {t('versions.ci_unlink')}
            </Button>
          )}
        </>
      }
    >
      <dl className={styles.pairs}>
        {lines.map(({ label, text, href }) =>
          text === null || text === '' ? null : (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <OutLink href={httpOnly(href)}>{text}</OutLink>
              </dd>
            </div>
          ),
        )}
        {job.finishedAt !== null && (
          <div>
            <dt>{t('versions.ci_finished')}</dt>
            <dd>
              <Time at={job.finishedAt} />
            </dd>
          </div>
        )}
        {job.statusReason !== null && job.statusReason !== '' && (
          <div>
            <dt>{t('versions.ci_why')}</dt>
            <dd>{job.statusReason}</dd>
          </div>
        )}
      </dl>
    </Section>
  );
}
