import { useQuery } from '@tanstack/react-query';
import { query } from '../../api';
import { CompareArtifactDocument, type CompareArtifactQuery } from '../../api/operations';
import { useT } from '../../i18n';
import { Bytes, Problem, Skeleton } from '../../ui';
import styles from './Compare.module.css';
import type { Comparison, Side } from './comparison';
import { shownAs } from './shown_files';
import { SideLink } from './SideLink';
import { TextOfFile } from './TextOfFile';

const LINK_MILLISECONDS = 4 * 60_000;

interface FileOfSideProps {
  readonly project: string;
  readonly kind: Comparison['kind'];
  readonly side: Side;
  readonly path: string;
  /** The file, if the answer about all sides has it. */
  readonly listed: NonNullable<CompareArtifactQuery['artifact']> | undefined;
  readonly isListing: boolean;
}

/** A file of one side. Images are images and nothing else: no script in them runs. */
export function FileOfSide({ project, kind, side, path, listed, isListing }: FileOfSideProps) {
  const t = useT();
  const owner = kind === 'candidates' ? { candidate: { id: side.id } } : { modelVersion: { id: side.id } };
  const single = useQuery({
    ...query(CompareArtifactDocument, { by: { path: { owner, path: side.folder === '' ? path : `${side.folder}/${path}` } } }),
    enabled: !isListing && listed === undefined,
    staleTime: LINK_MILLISECONDS,
    refetchInterval: LINK_MILLISECONDS,
  });
  const file = listed ?? single.data?.artifact ?? undefined;
  return (
    <figure className={styles.file}>
      <figcaption className={styles.fileHead}>
        <SideLink project={project} kind={kind} side={side} />
        {file !== undefined && <Bytes value={file.size} />}
      </figcaption>
      {content()}
    </figure>
  );

  function content() {
    if (file === undefined) return single.error ? <Problem failure={single.error} inline /> : <Skeleton />;
    if (file.downloadUrl === null) return <p className={styles.note}>{t('compare.quarantined')}</p>;
    if (shownAs(path)?.kind === 'image') {
      return <img className={styles.image} src={file.downloadUrl} alt={t('compare.image_of', { path, name: side.name })} loading="lazy" />;
    }
    return <TextOfFile id={file.id} path={path} address={file.downloadUrl} />;
  }
}
