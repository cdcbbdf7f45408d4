import { useSending } from '../../api';
import { VersionDeleteDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { ConfirmDialog, toast } from '../../ui';
import styles from '../models/models.module.css';
import { useRestoreVersion } from './restoring';

/** What has to be known of a version to delete it. */
export interface DeletableVersion {
  readonly id: string;
  readonly version: string;
  readonly stage: string;
  readonly deletedAt?: string | null;
  readonly aliases: readonly { readonly name: string }[];
}

/** Delete a version, after its number was typed; one in the trash is deleted for good. */
export function DeleteVersionDialog({
  model,
  version,
  onClose,
  onDeleted,
}: {
  readonly model: string;
  readonly version: DeletableVersion;
  readonly onClose: () => void;
  readonly onDeleted?: () => void;
}) {
  const t = useT();
  const restore = useRestoreVersion();
  const isFinal = (version.deletedAt ?? null) !== null;
  const sending = useSending(VersionDeleteDocument, onDeleted ? ['ModelHead'] : ['ModelVersions', 'ModelHead']);
  const remove = async () => {
    const done = await sending.send({ input: { modelVersion: { id: version.id }, permanently: isFinal } });
    if (!done) return;
    toast(
      isFinal
        ? { title: t('models.purged', { name: version.version }), tone: 'good' }
        : {
            title: t('models.was_deleted', { name: version.version }),
            tone: 'good',
            action: { label: t('models.undo'), onSelect: () => void restore(version) },
          },
    );
    onDeleted?.();
    onClose();
  };
  const name = `${model} ${version.version}`;
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => void remove()}
      title={isFinal ? t('models.purge_title', { name }) : t('models.delete_title', { name })}
      confirmLabel={isFinal ? t('models.purge_now') : t('versions.delete')}
      typed={version.version}
      busy={sending.isBusy}
      problem={sending.errors[0]?.message ?? sending.failure?.message}
    >
      {isFinal ? (
        <p>{t('models.purge_explained')}</p>
      ) : (
        <>
          <p>{t('models.goes_with_it')}</p>
          <ul className={styles.belongings}>
            <li>{t('versions.goes_files')}</li>
            {version.aliases.length > 0 && (
              <li>{t('models.goes_aliases', { aliases: version.aliases.map((alias) => `@${alias.name}`).join(', ') })}</li>
            )}
            {version.stage !== 'none' && <li className={styles.warning}>{t('versions.goes_stage', { stage: version.stage })}</li>}
          </ul>
          <p>{t('versions.stays_candidate')}</p>
          <p>{t('models.restorable')}</p>
        </>
      )}
    </ConfirmDialog>
  );
}
