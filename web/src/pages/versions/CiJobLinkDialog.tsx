import { useState, type FormEvent } from 'react';
import { useSending } from '../../api';
import { CiJobLinkDocument, type CiProvider } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Dialog, Field, Select, TextInput, toast } from '../../ui';
import { FormProblems } from '../models/FormProblems';
import styles from '../models/models.module.css';

const PROVIDERS = [
  { value: 'GITLAB', label: 'GitLab' },
  { value: 'GITHUB', label: 'GitHub' },
] as const satisfies readonly { readonly value: CiProvider; readonly label: string }[];

/** Say which CI job made a version; the CI system then tells of it. */
export function CiJobLinkDialog({
  version,
  onClose,
}: {
  readonly version: { readonly id: string; readonly version: string };
  readonly onClose: () => void;
}) {
  const t = useT();
  const [provider, setProvider] = useState<CiProvider>('GITLAB');
  const [externalId, setExternalId] = useState('');
  const sending = useSending(CiJobLinkDocument, ['VersionHead']);
  const link = async (event: FormEvent) => {
    event.preventDefault();
    const input = { owner: { modelVersion: { id: version.id } }, provider, externalId: externalId.trim() };
    if ((await sending.send({ input })) === null) return;
    toast({ title: t('versions.ci_was_linked'), tone: 'good' });
    onClose();
  };
  return (
    <Dialog open onClose={onClose} title={t('versions.ci_link_title', { version: version.version })}>
      <form className={styles.form} onSubmit={(event) => void link(event)}>
        <Field label={t('versions.ci_system')} error={sending.errorAt('provider')}>
          <Select items={PROVIDERS} value={provider} onChange={setProvider} />
        </Field>
        <Field
          label={t('versions.ci_external_id')}
          hint={t(provider === 'GITLAB' ? 'versions.ci_id_gitlab' : 'versions.ci_id_github')}
          error={sending.errorAt('externalId')}
        >
          <TextInput value={externalId} onChange={(event) => setExternalId(event.target.value)} />
        </Field>
        <FormProblems sending={sending} fields={['provider', 'externalId']} />
        <div className={styles.formActions}>
          <Button variant="primary" type="submit" disabled={externalId.trim() === ''} busy={sending.isBusy}>
            {t('versions.ci_link')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
