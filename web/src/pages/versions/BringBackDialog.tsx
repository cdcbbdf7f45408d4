import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { VersionUndeprecateDocument, VersionUnyankDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, TextArea, toast } from '../../ui';
import { FormProblems } from '../models/FormProblems';
import styles from '../models/models.module.css';

/** Take back that a version was yanked or deprecated. */
export function BringBackDialog({
  kind,
  version,
  onClose,
}: {
  readonly kind: 'unyank' | 'undeprecate';
  readonly version: { readonly id: string; readonly version: string };
  readonly onClose: () => void;
}) {
  const t = useT();
  const [reason, setReason] = useState('');
  const refreshes = ['VersionHead', 'ModelVersions', 'ModelHead'];
  const unyanking = useSending(VersionUnyankDocument, refreshes);
  const undeprecating = useSending(VersionUndeprecateDocument, refreshes);
  const sending = kind === 'unyank' ? unyanking : undeprecating;
  const bringBack = async (event: FormEvent) => {
    event.preventDefault();
    if ((await sending.send({ input: { modelVersion: { id: version.id }, reason } })) === null) return;
    toast({ title: t(`versions.done_${kind}`, { version: version.version }), tone: 'good' });
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(`versions.title_${kind}`, { version: version.version })}
      footer={
        <>
          <Button onClick={onClose}>{t('models.cancel')}</Button>
          <Button variant="primary" type="submit" form="bring-back" busy={sending.isBusy}>
            {t(`versions.action_${kind}`)}
          </Button>
        </>
      }
    >
      <form id="bring-back" className={styles.form} onSubmit={(event) => void bringBack(event)}>
        <Field label={t('models.reason')} error={sending.errorAt('reason')} required={false}>
          <TextArea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1_000} rows={3} />
        </Field>
        <FormProblems sending={sending} fields={['reason']} />
      </form>
    </Dialog>
  );
}
