import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { VersionDeprecateDocument, VersionYankDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, TextArea, toast } from '../../ui';
import { FormProblems } from '../models/FormProblems';
import styles from '../models/models.module.css';
import { VersionChoice } from './VersionChoice';

/** Yank or deprecate a version: why, and what to use instead. */
export function WithdrawDialog({
  kind,
  project,
  model,
  version,
  onClose,
}: {
  readonly kind: 'yank' | 'deprecate';
  readonly project: string;
  readonly model: string;
  readonly version: { readonly id: string; readonly version: string };
  readonly onClose: () => void;
}) {
  const t = useT();
  const [reason, setReason] = useState('');
  const [replacement, setReplacement] = useState('');
  const refreshes = ['VersionHead', 'ModelVersions', 'ModelHead'];
  const yanking = useSending(VersionYankDocument, refreshes);
  const deprecating = useSending(VersionDeprecateDocument, refreshes);
  const sending = kind === 'yank' ? yanking : deprecating;
  const withdraw = async (event: FormEvent) => {
    event.preventDefault();
    const input = { modelVersion: { id: version.id }, reason, replacement: replacement === '' ? null : replacement };
    if ((await sending.send({ input })) === null) return;
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
          <Button variant={kind === 'yank' ? 'danger' : 'primary'} type="submit" form="withdraw" busy={sending.isBusy}>
            {t(`versions.action_${kind}`)}
          </Button>
        </>
      }
    >
      <form id="withdraw" className={styles.form} onSubmit={(event) => void withdraw(event)}>
        <p>{t(`versions.explain_${kind}`)}</p>
        <Field label={t('models.reason')} error={sending.errorAt('reason')} required>
          <TextArea value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1_000} rows={3} />
        </Field>
        <VersionChoice
          project={project}
          model={model}
          label={t('versions.replacement')}
          value={replacement}
          without={version.version}
          onChange={setReplacement}
          error={sending.errorAt('replacement')}
          required={false}
        />
        <FormProblems sending={sending} fields={['reason', 'replacement']} />
      </form>
    </Dialog>
  );
}
