import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import type { ShownVersion } from './VersionPage';

/** Which dialog of a version is open. */
export type VersionDialog = 'aliases' | 'seal' | 'yank' | 'unyank' | 'deprecate' | 'undeprecate' | 'delete';

const PromoteDialog = lazy(async () => ({ default: (await import('../lifecycle/PromoteDialog')).PromoteDialog }));
const AliasesDialog = lazy(async () => ({ default: (await import('./AliasesDialog')).AliasesDialog }));
const SealDialog = lazy(async () => ({ default: (await import('./SealDialog')).SealDialog }));
const WithdrawDialog = lazy(async () => ({ default: (await import('./WithdrawDialog')).WithdrawDialog }));
const BringBackDialog = lazy(async () => ({ default: (await import('./BringBackDialog')).BringBackDialog }));
const DeleteVersionDialog = lazy(async () => ({ default: (await import('./DeleteVersionDialog')).DeleteVersionDialog }));

/** The open dialog of a version, loaded when it is opened. */
export function VersionDialogs({
  dialog,
  project,
  model,
  version,
  onClose,
}: {
  readonly dialog: VersionDialog | null;
  readonly project: string;
  readonly model: string;
  readonly version: ShownVersion;
  readonly onClose: () => void;
}) {
  const { promote } = useSearch({ from: '/p/$project/models/$model/versions/$version' });
  const navigate = useNavigate({ from: '/p/$project/models/$model/versions/$version' });
  const endPromotion = () => void navigate({ search: (old) => ({ ...old, promote: undefined }), replace: true });
  const toVersions = () =>
    void navigate({ to: '/p/$project/models/$model', params: { project, model }, search: { tab: 'versions' } });
  return (
    <Suspense>
      {promote && <PromoteDialog open onClose={endPromotion} project={project} version={version} model={model} />}
      {dialog === 'aliases' && <AliasesDialog project={project} model={model} version={version} onClose={onClose} />}
      {dialog === 'seal' && <SealDialog version={version} onClose={onClose} />}
      {(dialog === 'yank' || dialog === 'deprecate') && (
        <WithdrawDialog kind={dialog} project={project} model={model} version={version} onClose={onClose} />
      )}
      {(dialog === 'unyank' || dialog === 'undeprecate') && <BringBackDialog kind={dialog} version={version} onClose={onClose} />}
      {dialog === 'delete' && <DeleteVersionDialog model={model} version={version} onClose={onClose} onDeleted={toVersions} />}
    </Suspense>
  );
}
