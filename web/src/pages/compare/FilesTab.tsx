import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { query } from '../../api';
import { CompareCandidateFolderDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Empty, Problem, Skeleton } from '../../ui';
import type { CompareSearch } from '../../routes/compare';
import { Choice } from './Choice';
import styles from './Compare.module.css';
import type { Comparison, Row } from './comparison';
import type { Change } from './ComparePage';
import controls from './Controls.module.css';
import { FileOfSide } from './FileOfSide';
import { shownAs } from './shown_files';
import { useFiles, type ComparedFile } from './use_files';

/** Links of downloads are good for five minutes. */
const LINK_MILLISECONDS = 4 * 60_000;

interface FilesTabProps {
  readonly project: string;
  readonly comparison: Comparison;
  readonly search: CompareSearch;
  readonly change: Change;
}

/** One image, table or text of every side, beside each other. */
export function FilesTab({ project, comparison, search, change }: FilesTabProps) {
  const t = useT();
  const { files, isLoading, failure } = useFiles(comparison);
  const shown = useMemo(() => files.flatMap((row) => shownAs(row.key) ?? []), [files]);
  const usual = useMemo(() => [...files].filter((row) => shownAs(row.key)).sort((one, other) => rank(other) - rank(one))[0]?.key, [files]);
  const path = shown.find((file) => file.path === search.path)?.path ?? usual;
  const row = files.find((file) => file.key === path);
  const folder = path === undefined ? '' : path.split('/').slice(0, -1).join('/');
  // One answer has the links of all candidates; files beyond its first twenty are asked for one by one.
  const listing = useQuery({
    ...query(CompareCandidateFolderDocument, { ids: comparison.sides.map((side) => side.id), folder }),
    enabled: comparison.kind === 'candidates' && path !== undefined,
    staleTime: LINK_MILLISECONDS,
    refetchInterval: LINK_MILLISECONDS,
  });
  if (isLoading) return <Skeleton rows={6} />;
  if (failure !== null) return <Problem failure={failure} />;
  if (path === undefined || row === undefined) return <Empty title={t('compare.no_shown_files')} />;
  const there = comparison.sides.filter((_, index) => row.values[index] !== null);
  const missing = comparison.sides.filter((_, index) => row.values[index] === null);
  return (
    <>
      <div className={controls.controls}>
        <Choice
          label={t('compare.file')}
          value={path}
          items={shown.map((file) => ({ value: file.path, label: file.path, group: t(`compare.shown_${file.kind}`) }))}
          onChange={(next) => change({ path: next })}
        />
        {!row.differs && <span className={styles.note}>{t('compare.same_bytes')}</span>}
      </div>
      <div className={styles.files}>
        {there.map((side) => (
          <FileOfSide
            key={side.id}
            project={project}
            kind={comparison.kind}
            side={side}
            path={path}
            listed={listing.data?.candidatesCompare?.sides.find((one) => one.id === side.id)?.artifacts.nodes.find((file) => file.path === path)}
            isListing={comparison.kind === 'candidates' && listing.isPending}
          />
        ))}
      </div>
      {missing.length > 0 && (
        <p className={styles.note}>{t('compare.not_there', { count: missing.length, names: missing.map((side) => side.name).join(', ') })}</p>
      )}
    </>
  );
}

/** Images first, then what most sides have and what differs. */
function rank({ key, values, differs }: Row<ComparedFile>): number {
  return (shownAs(key)?.kind === 'image' ? 1_000 : 0) + values.filter((file) => file !== null).length + (differs ? 0.5 : 0);
}
