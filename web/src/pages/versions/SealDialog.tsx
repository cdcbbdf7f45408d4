import { useQuery } from '@tanstack/react-query';
import { query, useSending } from '../../api';
import { VersionManifestDocument, VersionSealDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Bytes, ConfirmDialog, Digest, Loaded, toast } from '../../ui';

/** Seal a version: its files, facts and card no longer change. */
export function SealDialog({
  version,
  onClose,
}: {
  readonly version: { readonly id: string; readonly version: string };
  readonly onClose: () => void;
}) {
  const t = useT();
  const manifest = useQuery(query(VersionManifestDocument, { id: version.id }));
  const sending = useSending(VersionSealDocument, ['VersionHead', 'ModelVersions']);
  const seal = async () => {
    const done = await sending.send({ input: { modelVersion: { id: version.id } } });
    if (!done) return;
    toast({ title: t('versions.was_sealed', { version: version.version }), tone: 'good' });
    onClose();
  };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => void seal()}
      title={t('versions.seal_title', { version: version.version })}
      confirmLabel={t('versions.seal')}
      busy={sending.isBusy}
      problem={sending.errors[0]?.message ?? sending.failure?.message}
    >
      <p>{t('versions.seal_explained')}</p>
      <Loaded query={manifest}>
        {({ modelVersionManifest: made }) =>
          made && (
            <p>
              {t('versions.files_in_all', { count: made.fileCount })}, <Bytes value={made.size} />, <Digest value={made.digest} />
            </p>
          )
        }
      </Loaded>
    </ConfirmDialog>
  );
}
