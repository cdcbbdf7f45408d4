import { useState } from 'react';
import { useSending } from '../../api';
import { CiSettingsChangeDocument, type CiProvider } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, CopyButton, Field, Select, TextInput, toast } from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';
import type { ProjectData } from './ProjectSettingsPage';
import styles from './settings.module.css';

const PROVIDERS = ['GITLAB', 'GITHUB'] as const satisfies readonly CiProvider[];
const SHOWN = ['provider', 'baseUrl', 'ciProject', 'apiToken', 'hookSecret'];

/** The CI system whose jobs make candidates and versions. */
export function CiForm({ project }: { readonly project: ProjectData }) {
  const t = useT();
  const settings = project.ciSettings;
  const [provider, setProvider] = useState<CiProvider>(settings?.provider ?? 'GITLAB');
  const [baseUrl, setBaseUrl] = useState(settings?.baseUrl ?? '');
  const [ciProject, setCiProject] = useState(settings?.ciProject ?? '');
  const [apiToken, setApiToken] = useState('');
  const [hookSecret, setHookSecret] = useState('');
  const change = useSending(CiSettingsChangeDocument, ['ProjectSettings']);
  if (!project.viewerCanManage) return <p className={styles.quiet}>{settings?.ciProject ?? t('settings.no_ci')}</p>;

  async function save() {
    const secrets = { ...(apiToken && { apiToken }), ...(hookSecret && { hookSecret }) };
    const input = { project: { id: project.id }, provider, baseUrl: baseUrl || null, ciProject, ...secrets };
    if ((await change.send({ input })) === null) return;
    setApiToken('');
    setHookSecret('');
    toast({ title: t('settings.saved'), tone: 'good' });
  }

  return (
    <form
      className={styles.plain}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field label={t('settings.provider')} error={change.errorAt('provider')}>
        <Select
          items={PROVIDERS.map((value) => ({ value, label: value === 'GITLAB' ? 'GitLab' : 'GitHub' }))}
          value={provider}
          onChange={setProvider}
        />
      </Field>
      <Field label={t('settings.base_url')} error={change.errorAt('baseUrl')}>
        <TextInput type="url" value={baseUrl} onChange={(event) => setBaseUrl(event.target.value)} placeholder="https://gitlab.example.org" />
      </Field>
      <Field label={t('settings.ci_project')} error={change.errorAt('ciProject')}>
        <TextInput value={ciProject} onChange={(event) => setCiProject(event.target.value)} />
      </Field>
      <Field
        label={t('settings.api_token')}
        hint={settings?.hasApiToken ? t('settings.secret_stays') : undefined}
        error={change.errorAt('apiToken')}
      >
        <TextInput type="password" value={apiToken} onChange={(event) => setApiToken(event.target.value)} autoComplete="new-password" />
      </Field>
      <Field
        label={t('settings.hook_secret')}
        hint={settings?.hasHookSecret ? t('settings.secret_stays') : undefined}
        error={change.errorAt('hookSecret')}
      >
        <TextInput type="password" value={hookSecret} onChange={(event) => setHookSecret(event.target.value)} autoComplete="new-password" />
      </Field>
      {settings && (
        <p className={styles.quiet}>
          {t('settings.hook_url')} <code>{settings.hookUrl}</code>{' '}
          <CopyButton text={settings.hookUrl} label={t('settings.copy')} />
        </p>
      )}
      <FormErrors sending={change} shown={SHOWN} />
      <div>
        <Button variant="primary" type="submit" busy={change.isBusy}>
          {t('settings.save')}
        </Button>
      </div>
    </form>
  );
}
