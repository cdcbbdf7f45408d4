import { useT } from '../../i18n';
import { ButtonLink, Empty, Snippet } from '../../ui';
import { newModelSnippets } from './snippets';

/** What stands where models would be. */
export function ModelsEmpty({
  project,
  searched,
  isTrash,
  mayWrite,
}: {
  readonly project: string;
  readonly searched: string;
  readonly isTrash: boolean;
  readonly mayWrite: boolean;
}) {
  const t = useT();
  if (searched !== '') return <Empty title={t('models.none_found', { text: searched })}>{t('models.none_found_hint')}</Empty>;
  if (isTrash) return <Empty title={t('models.trash_empty')}>{t('models.trash_hint')}</Empty>;
  if (!mayWrite) return <Empty title={t('models.none')}>{t('models.none_to_read')}</Empty>;
  return (
    <Empty
      title={t('models.none')}
      snippet={<Snippet tabs={newModelSnippets(project)} />}
      action={
        <ButtonLink variant="primary" to="/p/$project/new-model" params={{ project }}>
          {t('models.new')}
        </ButtonLink>
      }
    >
      {t('models.none_hint')}
    </Empty>
  );
}
