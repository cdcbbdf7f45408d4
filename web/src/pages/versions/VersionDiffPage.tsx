import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { query } from '../../api';
import { VersionDiffDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Empty, Loaded, PageHeader } from '../../ui';
import styles from '../models/models.module.css';
import { DiffContents } from './diff/DiffContents';
import { DiffVerdict } from './diff/DiffVerdict';
import { VersionChoice } from './VersionChoice';

/** What differs between a version and another one of its model: files, signature, weights, packages, params, metrics. */
export function VersionDiffPage() {
  const t = useT();
  const { project, model, version } = useParams({ from: '/p/$project/models/$model/versions/$version/diff' });
  const { base } = useSearch({ from: '/p/$project/models/$model/versions/$version/diff' });
  const navigate = useNavigate({ from: '/p/$project/models/$model/versions/$version/diff' });
  const at = (reference: string) => ({ path: { project, model, reference } });
  const diff = useQuery(query(VersionDiffDocument, { version: at(version), base: base === undefined ? null : at(base) }));
  const made = diff.data?.modelVersionDiff;
  return (
    <>
      <PageHeader
        title={made ? t('versions.diff_title', { base: made.base.version, version: made.modelVersion.version }) : t('versions.diff')}
        crumbs={[
          { label: t('models.title'), link: { to: '/p/$project/models', params: { project } } },
          { label: model, link: { to: '/p/$project/models/$model', params: { project, model } } },
          { label: version, link: { to: '/p/$project/models/$model/versions/$version', params: { project, model, version } } },
          { label: t('versions.diff') },
        ]}
      />
      <div className={styles.choice}>
        <VersionChoice
          project={project}
          model={model}
          label={t('versions.diff_base')}
          value={made?.base.version ?? base ?? ''}
          without={made?.modelVersion.version ?? version}
          onChange={(chosen) => void navigate({ search: chosen === '' ? {} : { base: chosen }, replace: true })}
        />
      </div>
      <Loaded query={diff}>
        {({ modelVersionDiff: shown }) =>
          shown === null ? (
            <Empty title={t('versions.no_base')}>{t('versions.no_base_hint')}</Empty>
          ) : (
            <div className={styles.aside}>
              <DiffVerdict diff={shown} />
              <DiffContents diff={shown} />
            </div>
          )
        }
      </Loaded>
    </>
  );
}
