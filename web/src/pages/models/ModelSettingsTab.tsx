import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Button, ButtonLink, CopyButton, Section } from '../../ui';
import { DeleteModelDialog } from './DeleteModelDialog';
import type { ShownModel } from './ModelTab';
import styles from './models.module.css';
import { trackingUri } from './snippets';

/** Ids for programs, and what changes or removes the model. */
export function ModelSettingsTab({ project, model }: { readonly project: string; readonly model: ShownModel }) {
  const t = useT();
  const navigate = useNavigate();
  const [isDeleting, setIsDeleting] = useState(false);
  const ids = [
    { label: t('models.id'), value: model.id },
    ...(model.project ? [{ label: t('models.tracking_uri'), value: trackingUri(model.project.number) }] : []),
    { label: t('models.model_uri'), value: `models:/${model.name}/latest` },
  ];
  return (
    <div className={styles.settings}>
      <Section
        title={t('models.general')}
        actions={
          <ButtonLink to="/p/$project/models/$model/edit" params={{ project, model: model.name }}>
            {t('models.edit')}
          </ButtonLink>
        }
      >
        <p>{t('models.general_explained')}</p>
      </Section>
      <Section title={t('models.for_programs')}>
        <dl className={styles.pairs}>
          {ids.map(({ label, value }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className={styles.copyable}>
                <code>{value}</code>
                <CopyButton text={value} label={t('models.copy_of', { what: label })} />
              </dd>
            </div>
          ))}
        </dl>
      </Section>
      {model.viewerCanDelete && (
        <Section title={t('models.delete')}>
          <p>{t('models.delete_explained')}</p>
          <Button variant="danger" onClick={() => setIsDeleting(true)}>
            {t('models.delete')}
          </Button>
        </Section>
      )}
      {isDeleting && (
        <DeleteModelDialog
          model={model}
          onClose={() => setIsDeleting(false)}
          onDeleted={() => void navigate({ to: '/p/$project/models', params: { project } })}
        />
      )}
    </div>
  );
}
