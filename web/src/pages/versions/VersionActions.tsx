import { useNavigate } from '@tanstack/react-router';
import { ArrowUpFromLine, AtSign, Ban, Copy, Ellipsis, GitCompareArrows, Lock, Pencil, RotateCcw, Trash2, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Button, IconButton, Menu } from '../../ui';
import { copied } from '../models/copied';
import { trackingUri } from '../models/snippets';
import type { ShownVersion } from './VersionPage';
import { VersionDialogs, type VersionDialog } from './VersionDialogs';

/** What can be done with a version. */
export function VersionActions({
  project,
  model,
  version,
}: {
  readonly project: string;
  readonly model: string;
  readonly version: ShownVersion;
}) {
  const t = useT();
  const navigate = useNavigate({ from: '/p/$project/models/$model/versions/$version' });
  const [dialog, setDialog] = useState<VersionDialog | null>(null);
  const mayPromote = version.viewerCanUpdate && version.status === 'READY';
  const number = version.model?.project?.number;
  const params = { project, model, version: version.version };
  const changes = version.viewerCanUpdate
    ? [
        { label: t('versions.edit'), icon: <Pencil />, onSelect: () => void navigate({ to: '/p/$project/models/$model/versions/$version/edit', params }) },
        { label: t('versions.aliases'), icon: <AtSign />, onSelect: () => setDialog('aliases') },
        'separator' as const,
        ...(version.sealedAt === null ? [{ label: t('versions.seal'), icon: <Lock />, onSelect: () => setDialog('seal') }] : []),
        version.deprecatedAt === null
          ? { label: t('versions.action_deprecate'), icon: <TriangleAlert />, onSelect: () => setDialog('deprecate') }
          : { label: t('versions.action_undeprecate'), icon: <RotateCcw />, onSelect: () => setDialog('undeprecate') },
        version.yankedAt === null
          ? { label: t('versions.action_yank'), icon: <Ban />, onSelect: () => setDialog('yank') }
          : { label: t('versions.action_unyank'), icon: <RotateCcw />, onSelect: () => setDialog('unyank') },
      ]
    : [];
  return (
    <>
      {mayPromote && (
        <Button variant="primary" icon={<ArrowUpFromLine />} onClick={() => void navigate({ search: (old) => ({ ...old, promote: true }) })}>
          {t('versions.promote')}
        </Button>
      )}
      <Menu
        trigger={<IconButton icon={<Ellipsis />} label={t('models.more')} />}
        items={[
          {
            label: t('versions.diff'),
            icon: <GitCompareArrows />,
            onSelect: () => void navigate({ to: '/p/$project/models/$model/versions/$version/diff', params }),
          },
          { label: t('models.copy_uri'), icon: <Copy />, onSelect: () => copied(t, `models:/${model}/${version.version}`) },
          ...(number === undefined
            ? []
            : [{ label: t('models.copy_tracking_uri'), icon: <Copy />, onSelect: () => copied(t, trackingUri(number)) }]),
          ...(changes.length > 0 ? ['separator' as const, ...changes] : []),
          ...(version.viewerCanDelete
            ? ['separator' as const, { label: t('versions.delete'), icon: <Trash2 />, danger: true, onSelect: () => setDialog('delete') }]
            : []),
        ]}
      />
      <VersionDialogs dialog={dialog} project={project} model={model} version={version} onClose={() => setDialog(null)} />
    </>
  );
}
