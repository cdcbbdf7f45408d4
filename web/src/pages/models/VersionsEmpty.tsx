import { useT } from '../../i18n';
import { ButtonLink, Empty, Snippet } from '../../ui';
import styles from './models.module.css';
import type { ShownModel } from './ModelTab';
import { TokenLink } from './TokenLink';
import { newVersionSnippets } from '../versions/snippets';

/** What stands where versions would be. */
export function VersionsEmpty({
  project,
  model,
  searched,
  isTrash,
}: {
  readonly project: string;
  readonly model: ShownModel;
  readonly searched: string;
  readonly isTrash: boolean;
}) {
  const t = useT();
  if (searched !== '') return <Empty title={t('models.none_found', { text: searched })}>{t('versions.none_found_hint')}</Empty>;
  if (isTrash) return <Empty title={t('models.trash_empty')}>{t('versions.trash_hint')}</Empty>;
  if (!model.project?.viewerCanWriteRegistry) return <Empty title={t('versions.none')}>{t('versions.none_to_read')}</Empty>;
  return (
    <Empty
      title={t('versions.none')}
      snippet={<Snippet tabs={newVersionSnippets({ project, number: model.project.number, model: model.name })} />}
      action={
        <span className={styles.actions}>
          <ButtonLink variant="primary" to="/p/$project/models/$model/new-version" params={{ project, model: model.name }}>
            {t('versions.new')}
          </ButtonLink>
          <TokenLink />
        </span>
      }
    >
      {t('versions.none_hint')}
    </Empty>
  );
}
