import { Link } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { Bytes, ButtonLink, Empty, Markdown, Person, Section, Time } from '../../ui';
import { FrontMatter } from './FrontMatter';
import { frontMatterOf } from './front_matter';
import { useModelSizes } from './model_sizes';
import type { ShownModel } from './ModelTab';
import styles from './models.module.css';
import { TagList } from './TagList';
import { VersionLink } from './VersionLink';

/** The card of a model: its description, and beside it what is known of it. */
export function ModelCard({ project, model }: { readonly project: string; readonly model: ShownModel }) {
  const t = useT();
  const size = useModelSizes([model]).get(model.id);
  const frontMatter = frontMatterOf(model.description);
  return (
    <div className={styles.withAside}>
      <div className={styles.reading}>
        {model.description.trim() === '' ? (
          <Empty
            title={t('models.no_card')}
            action={
              model.viewerCanUpdate && (
                <ButtonLink to="/p/$project/models/$model/edit" params={{ project, model: model.name }}>
                  {t('models.write_card')}
                </ButtonLink>
              )
            }
          >
            {t('models.no_card_hint')}
          </Empty>
        ) : (
          <>
            {frontMatter.length > 0 && <FrontMatter entries={frontMatter} />}
            <Markdown html={model.descriptionHtml} />
          </>
        )}
      </div>
      <aside className={styles.aside}>
        <Section title={t('models.about')}>
          <dl className={styles.pairs}>
            <div>
              <dt>{t('models.latest')}</dt>
              <dd>
                {model.latestVersion ? (
                  <VersionLink project={project} model={model.name} version={model.latestVersion.version} />
                ) : (
                  t('models.no_version')
                )}
              </dd>
            </div>
            <div>
              <dt>{t('models.created')}</dt>
              <dd className={styles.byline}>
                <Time at={model.createdAt} />
                <Person user={model.createdBy} />
              </dd>
            </div>
            <div>
              <dt>{t('models.updated')}</dt>
              <dd>
                <Time at={model.updatedAt} />
              </dd>
            </div>
            <div>
              <dt>{t('models.size')}</dt>
              <dd>{size === undefined ? '…' : <Bytes value={size} />}</dd>
            </div>
            {model.experiment && (
              <div>
                <dt>{t('models.experiment')}</dt>
                <dd>
                  <Link to="/p/$project/experiments/$number" params={{ project, number: String(model.experiment.number) }}>
                    {model.experiment.name}
                  </Link>
                </dd>
              </div>
            )}
          </dl>
        </Section>
        {model.tags.length > 0 && (
          <Section title={t('models.tags')}>
            <TagList tags={model.tags} />
          </Section>
        )}
      </aside>
    </div>
  );
}
