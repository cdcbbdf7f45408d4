import { Link2 } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { useT } from '../../i18n';
import { Button } from '../../ui';
import { CiJobCard } from './CiJobCard';
import type { ShownVersion } from './VersionPage';

const CiJobLinkDialog = lazy(async () => ({ default: (await import('./CiJobLinkDialog')).CiJobLinkDialog }));

/** The CI jobs that made a version; who may change the version links others, and unlinks. */
export function CiJobs({ version }: { readonly version: ShownVersion }) {
  const t = useT();
  const [isLinking, setLinking] = useState(false);
  return (
    <>
      {version.ciJobs.map((job) => (
        <CiJobCard key={job.id} job={job} unlinkFrom={version.viewerCanUpdate ? version.id : undefined} />
      ))}
      {version.viewerCanUpdate && (
        <div>
          <Button size="s" icon={<Link2 />} onClick={() => setLinking(true)}>
            {t('versions.ci_link')}
          </Button>
        </div>
      )}
      <Suspense>{isLinking && <CiJobLinkDialog version={version} onClose={() => setLinking(false)} />}</Suspense>
    </>
  );
}
