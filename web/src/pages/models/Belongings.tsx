import type { ModelBelongingsQuery } from '../../api/operations';
import { useT } from '../../i18n';
import styles from './models.module.css';

type Model = NonNullable<ModelBelongingsQuery['model']>;

/** What goes with a model that is deleted. */
export function Belongings({ of: model }: { readonly of: Model }) {
  const t = useT();
  const stages = model.stageHolders.flatMap(({ stage, version }) => (stage ? [`${stage.name} (${version})`] : []));
  const running = model.deployments.totalCount ?? 0;
  return (
    <>
      <p>{t('models.goes_with_it')}</p>
      <ul className={styles.belongings}>
        <li>{t('models.goes_versions', { count: model.versions.totalCount ?? 0 })}</li>
        <li>{t('models.goes_candidates', { count: model.candidates.totalCount ?? 0 })}</li>
        {stages.length > 0 && <li>{t('models.goes_stages', { stages: stages.join(', ') })}</li>}
        {model.aliases.length > 0 && (
          <li>{t('models.goes_aliases', { aliases: model.aliases.map(({ name }) => `@${name}`).join(', ') })}</li>
        )}
        {running > 0 && <li className={styles.warning}>{t('models.goes_deployments', { count: running })}</li>}
      </ul>
      <p>{t('models.restorable')}</p>
    </>
  );
}
