import { Link, useParams, useSearch } from '@tanstack/react-router';
import { usePages } from '../../api';
import { ModelsDocument } from '../../api/operations';
import { useT } from '../../i18n';

/** The models of a project. */
export function ModelsPage() {
  const t = useT();
  const { project } = useParams({ from: '/p/$project/models' });
  const { q } = useSearch({ from: '/p/$project/models' });
  const { rows, total } = usePages(ModelsDocument, { project, search: q ?? '', view: 'ACTIVE' }, (data) => data.project?.models);
  return (
    <>
      <h1>{t('models.title')}</h1>
      <p>{t('models.count', { count: total ?? 0 })}</p>
      <ul>
        {rows.map((model) => (
          <li key={model.id}>
            <Link to="/p/$project/models/$model" params={{ project, model: model.name }}>
              {model.name}
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}
