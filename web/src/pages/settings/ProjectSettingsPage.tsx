import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { query, useSending, type DataOf } from '../../api';
import {
  ProjectChangeDocument,
  ProjectEndDocument,
  ProjectSettingsDocument,
  type FeatureAccess,
  type ModelVersionBumpPolicy,
  type Visibility,
} from '../../api/operations';
import { useT } from '../../i18n';
import { RouteMissing } from '../../shell/RouteMissing';
import {
  Button, Checkbox, ConfirmDialog, Field, Loaded, PageHeader, Section, Select, TextArea, TextInput, toast,
} from '../../ui';
import { FormErrors } from '../lifecycle/FormErrors';
import { CiForm } from './CiForm';
import styles from './settings.module.css';

const VISIBILITIES = ['PRIVATE', 'INTERNAL', 'PUBLIC'] as const satisfies readonly Visibility[];
const ACCESSES = ['ENABLED', 'PRIVATE', 'DISABLED'] as const satisfies readonly FeatureAccess[];
const POLICIES = ['HINT', 'WARNING', 'RULE'] as const satisfies readonly ModelVersionBumpPolicy[];

export type ProjectData = NonNullable<DataOf<typeof ProjectSettingsDocument>['project']>;

/** What a project is called, who sees it, how strict it is with versions, its CI system, and its end. */
export function ProjectSettingsPage() {
  const t = useT();
  const { project } = useParams({ from: '/p/$project/settings' });
  const settings = useQuery(query(ProjectSettingsDocument, { project }));
  return (
    <>
      <PageHeader title={t('settings.title')} />
      <Loaded query={settings}>
        {({ project: found }) =>
          found ? (
            <>
              <GeneralForm project={found} />
              <Section title={t('settings.ci')}>
                <CiForm project={found} />
              </Section>
              {found.viewerCanDelete && (
                <Section title={t('settings.danger')}>
                  <End project={found} />
                </Section>
              )}
            </>
          ) : (
            <RouteMissing />
          )
        }
      </Loaded>
    </>
  );
}

function GeneralForm({ project }: { readonly project: ProjectData }) {
  const t = useT();
  const [draft, setDraft] = useState({
    name: project.name,
    description: project.description,
    visibility: project.visibility,
    registryAccess: project.registryAccess,
    experimentsAccess: project.experimentsAccess,
    allowsVersionReuse: project.allowsVersionReuse,
    versionBumpPolicy: project.versionBumpPolicy,
  });
  const change = useSending(ProjectChangeDocument);
  const set = (part: Partial<typeof draft>) => setDraft({ ...draft, ...part });
  const accesses = ACCESSES.map((value) => ({ value, label: t(`settings.access_${value}`) }));

  async function save() {
    const sent = await change.send({ input: { project: { id: project.id }, ...draft } });
    if (sent !== null) toast({ title: t('settings.saved'), tone: 'good' });
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <fieldset className={styles.plain} disabled={!project.viewerCanManage}>
        <Field label={t('settings.name')} required error={change.errorAt('name')}>
          <TextInput value={draft.name} onChange={(event) => set({ name: event.target.value })} />
        </Field>
        <Field label={t('settings.description')} hint="Markdown" error={change.errorAt('description')}>
          <TextArea value={draft.description} onChange={(event) => set({ description: event.target.value })} rows={4} />
        </Field>
        <Field label={t('settings.visibility')} error={change.errorAt('visibility')}>
          <Select
            items={VISIBILITIES.map((value) => ({ value, label: t(`settings.visibility_${value}`) }))}
            value={draft.visibility}
            onChange={(visibility) => set({ visibility })}
          />
        </Field>
        <Field label={t('settings.registry_access')} error={change.errorAt('registryAccess')}>
          <Select
            items={accesses}
            value={draft.registryAccess}
            onChange={(registryAccess) => set({ registryAccess })}
          />
        </Field>
        <Field label={t('settings.experiments_access')} error={change.errorAt('experimentsAccess')}>
          <Select
            items={accesses}
            value={draft.experimentsAccess}
            onChange={(experimentsAccess) => set({ experimentsAccess })}
          />
        </Field>
        <Field label={t('settings.bump_policy')} error={change.errorAt('versionBumpPolicy')}>
          <Select
            items={POLICIES.map((value) => ({ value, label: t(`settings.bump_${value}`) }))}
            value={draft.versionBumpPolicy}
            onChange={(versionBumpPolicy) => set({ versionBumpPolicy })}
          />
        </Field>
        <Checkbox
          checked={draft.allowsVersionReuse}
          onChange={(allowsVersionReuse) => set({ allowsVersionReuse })}
          label={t('settings.version_reuse')}
        />
      </fieldset>
      <FormErrors
        sending={change}
        shown={['name', 'description', 'visibility', 'registryAccess', 'experimentsAccess', 'versionBumpPolicy']}
      />
      {project.viewerCanManage && (
        <div>
          <Button variant="primary" type="submit" busy={change.isBusy}>
            {t('settings.save')}
          </Button>
        </div>
      )}
    </form>
  );
}

function End({ project }: { readonly project: ProjectData }) {
  const t = useT();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const end = useSending(ProjectEndDocument);
  return (
    <>
      <p>{t('settings.delete_project_about')}</p>
      <div>
        <Button variant="danger" onClick={() => setOpen(true)}>
          {t('settings.delete_project')}
        </Button>
      </div>
      <ConfirmDialog
        open={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={async () => {
          const sent = await end.send({ input: { project: { id: project.id }, confirm: project.fullPath } });
          if (sent !== null) void navigate({ to: '/' });
        }}
        title={t('settings.delete_project')}
        confirmLabel={t('settings.delete')}
        typed={project.fullPath}
        busy={end.isBusy}
        problem={end.errors[0]?.message ?? end.failure?.message}
      >
        {t('settings.delete_project_about')}
      </ConfirmDialog>
    </>
  );
}
