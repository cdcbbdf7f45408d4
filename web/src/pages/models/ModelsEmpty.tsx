import { useT } from '../../i18n';
import { ButtonLink, Empty, Snippet } from '../../ui';
import styles from './models.module.css';
import { newModelSnippets } from './snippets';
import { TokenLink } from './TokenLink';

/** What stands where models would be. */
export function ModelsEmpty({
  project,
  number,
  searched,
  isTrash,
  mayWrite,
}: {
  readonly project: string;
  readonly number: number | undefined;
  readonly searched: string;
  readonly isTrash: boolean;
  readonly mayWrite: boolean;
}) {
  const t = useT();
  if (searched !== '') return <Empty title={t('models.none_found', { text: searched })}>{t('models.none_found_hint')}</Empty>;
  if (isTrash) return <Empty title={t('models.trash_empty')}>{t('models.trash_hint')}</Empty>;
  if (!mayWrite || number === undefined) return <Empty title={t('models.none')}>{t('models.none_to_read')}</Empty>;
  return (
    <Empty
      title={t('models.none')}
      snippet={<Snippet tabs={newModelSnippets(project, number)} />}
      action={
        <span className={styles.actions}>
          <ButtonLink variant="primary" to="/p/$project/new-model" params={{ project }}>
            {t('models.new')}
          </ButtonLink>
          <TokenLink />
        </span>
      }
    >
      {t('models.none_hint')}
    </Empty>
  );
}
