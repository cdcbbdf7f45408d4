import { lazy, Suspense, useState, type ComponentType, type LazyExoticComponent } from 'react';
import { useT } from '../../../i18n';
import { Segmented, Skeleton } from '../../../ui';
import type { PreviewProps } from './details';
import { viewsOf, type View } from './kinds';
import styles from './Preview.module.css';

/** Each is loaded when it is first needed. */
const PREVIEWS: Readonly<Record<View, LazyExoticComponent<ComponentType<PreviewProps>>>> = {
  audio: lazy(async () => ({ default: (await import('./MediaPreview')).AudioPreview })),
  cells: lazy(async () => ({ default: (await import('./NotebookPreview')).NotebookPreview })),
  facts: lazy(async () => ({ default: (await import('./FactsPreview')).FactsPreview })),
  image: lazy(async () => ({ default: (await import('./MediaPreview')).ImagePreview })),
  page: lazy(async () => ({ default: (await import('./PagePreview')).PagePreview })),
  parquet: lazy(async () => ({ default: (await import('./ParquetPreview')).ParquetPreview })),
  rendered: lazy(async () => ({ default: (await import('./MarkdownPreview')).MarkdownPreview })),
  source: lazy(async () => ({ default: (await import('./TextPreview')).TextPreview })),
  table: lazy(async () => ({ default: (await import('./TablePreview')).TablePreview })),
  tensors: lazy(async () => ({ default: (await import('./TensorsPreview')).TensorsPreview })),
  tree: lazy(async () => ({ default: (await import('./JsonPreview')).JsonPreview })),
  video: lazy(async () => ({ default: (await import('./MediaPreview')).VideoPreview })),
};

/** What is in a file, in the way that fits it. */
export function Preview({ file }: PreviewProps) {
  const t = useT();
  const views = viewsOf(file);
  const [chosen, setChosen] = useState<View>();
  const [first = 'source'] = views;
  const view = chosen !== undefined && views.includes(chosen) ? chosen : first;
  const Shown = PREVIEWS[view];
  if (file.downloadUrl === null && view !== 'facts' && view !== 'tensors') return <p className={styles.note}>{t('artifacts.held_back')}</p>;
  if (file.size === 0) return <p className={styles.note}>{t('artifacts.empty_file')}</p>;
  return (
    <div className={styles.preview}>
      {views.length > 1 && (
        <Segmented
          items={views.map((value) => ({ value, label: t(`artifacts.view.${value}`) }))}
          value={view}
          onChange={setChosen}
          label={t('artifacts.view')}
        />
      )}
      <Suspense fallback={<Skeleton rows={8} />}>
        <Shown key={file.id} file={file} />
      </Suspense>
    </div>
  );
}
