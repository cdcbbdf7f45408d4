import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { query } from '../../api';
import { ModelPerformanceDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Combobox, Empty, FilterBar, Loaded } from '../../ui';
import { measuresOf } from './measured';
import { MeasureChart } from './MeasureChart';
import styles from './models.module.css';

/** So many charts are shown before anyone has chosen. */
const SHOWN_AT_FIRST = 4;

/** What was measured of each version, one chart for each measure. */
export function ModelPerformanceTab({ project, model }: { readonly project: string; readonly model: string }) {
  const t = useT();
  const { metrics } = useSearch({ from: '/p/$project/models/$model' });
  const navigate = useNavigate({ from: '/p/$project/models/$model' });
  const performance = useQuery(query(ModelPerformanceDocument, { project, model }));
  return (
    <Loaded query={performance}>
      {(data) => {
        const versions = data.model?.versions.nodes ?? [];
        const measures = measuresOf(versions);
        if (measures.length === 0) return <Empty title={t('models.nothing_measured')}>{t('models.nothing_measured_hint')}</Empty>;
        const chosen = metrics ?? measures.slice(0, SHOWN_AT_FIRST).map(({ id }) => id);
        return (
          <>
            <FilterBar>
              <div className={styles.columnChoice}>
                <Combobox
                  aria-label={t('models.measures')}
                  placeholder={t('models.measures')}
                  multiple
                  items={measures.map(({ id }) => ({ value: id, label: id }))}
                  value={chosen}
                  onChange={(ids) => void navigate({ search: (old) => ({ ...old, metrics: [...ids] }), replace: true })}
                />
              </div>
            </FilterBar>
            <div className={styles.charts}>
              {measures
                .filter(({ id }) => chosen.includes(id))
                .map((measure) => (
                  <MeasureChart key={measure.id} project={project} model={model} measure={measure} versions={versions} />
                ))}
            </div>
          </>
        );
      }}
    </Loaded>
  );
}
