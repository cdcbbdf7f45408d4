import { useMemo, useState } from 'react';
import { useT } from '../../i18n';
import { Empty, Problem, SearchInput, Skeleton } from '../../ui';
import { bytesText } from './bytes';
import { DropArea } from './DropArea';
import { FilePane } from './FilePane';
import { FilesDeleteDialog } from './FilesDeleteDialog';
import styles from './Files.module.css';
import type { FileOwner } from './owner';
import { SelectionBar } from './SelectionBar';
import { useChoice } from './tree/choosing';
import { FileTree } from './tree/FileTree';
import { useFiles, type FileRow } from './tree/listing';
import { below, rowsOf, treeOf, type Node } from './tree/tree';

/** Of so few files all folders are open at first. */
const FEW = 100;

export interface FilesProps {
  readonly owner: FileOwner;
  /** Whether files may be added and deleted. */
  readonly canWrite: boolean;
  /** The path of the file that is looked at: a search parameter of the page. */
  readonly file?: string | undefined;
  readonly onFile: (path: string | undefined) => void;
  /** What an archive of all files is called. */
  readonly name: string;
}

/** The files of a version, candidate or logged model: a tree, what is in each, and ways in and out. */
export function Files({ owner, canWrite, file, onFile, name }: FilesProps) {
  const t = useT();
  const { files, folder, isGrowing, more, isPending, failure, retry } = useFiles(owner);
  const [search, setSearch] = useState('');
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set());
  const [deleting, setDeleting] = useState<'chosen' | 'shown'>();
  const shownFiles = useMemo(() => matching(files, search), [files, search]);
  const root = useMemo(() => treeOf(shownFiles, folder), [shownFiles, folder]);
  const whole = useMemo(() => (search === '' ? root : treeOf(files, folder)), [search, root, files, folder]);
  const isFew = search !== '' || files.length <= FEW;
  const rows = useMemo(() => rowsOf(root, ({ path }) => toggled.has(path) !== isFew), [root, toggled, isFew]);
  const choice = useChoice(root, rows);
  const shown = files.find(({ path }) => below(path, folder) === file || path === file);
  const isOpen = ({ path }: Node) => toggled.has(path) !== isFew;
  const onToggle = ({ path }: Node) => {
    const next = new Set(toggled);
    if (!next.delete(path)) next.add(path);
    setToggled(next);
  };
  const content = () => {
    if (failure && files.length === 0) return <Problem failure={failure} onRetry={retry} />;
    if (isPending) return <Skeleton rows={6} />;
    if (files.length === 0) return canWrite ? null : <Empty title={t('artifacts.none')} />;
    return (
      <>
        <div className={styles.toolbar}>
          <SearchInput value={search} onChange={setSearch} label={t('artifacts.search')} placeholder={t('artifacts.search')} />
          <p className={styles.total} aria-live="polite">
            {t('artifacts.total', { count: root.count, size: bytesText(root.size) })}
            {isGrowing && '…'}
          </p>
        </div>
        <SelectionBar
          choice={choice}
          count={root.count}
          folder={folder}
          name={name}
          onDelete={canWrite && !isGrowing ? () => setDeleting('chosen') : null}
        />
        {failure && <Problem failure={failure} onRetry={more} inline />}
        <div className={styles.panes} data-split={shown !== undefined || undefined}>
          <FileTree
            rows={rows}
            isOpen={isOpen}
            onToggle={onToggle}
            shown={shown?.path}
            onShow={(node) => onFile(node.path === file ? undefined : node.path)}
            choice={choice}
          />
          {shown && (
            <FilePane
              key={shown.id}
              id={shown.id}
              onClose={() => onFile(undefined)}
              onDelete={canWrite ? () => setDeleting('shown') : null}
            />
          )}
        </div>
      </>
    );
  };
  return (
    <DropArea owner={owner} isActive={canWrite} isEmpty={files.length === 0 && !isPending}>
      {content()}
      {deleting && (
        <FilesDeleteDialog
          owner={owner}
          root={whole}
          folder={folder}
          chosen={deleting === 'shown' && shown ? new Set([shown.id]) : choice.chosen}
          onClose={(isDone) => {
            setDeleting(undefined);
            if (isDone) choice.clear();
            if (isDone && deleting === 'shown') onFile(undefined);
          }}
        />
      )}
    </DropArea>
  );
}

function matching(files: readonly FileRow[], search: string): readonly FileRow[] {
  const words = search.toLowerCase().split(/\s+/).filter((word) => word !== '');
  return words.length === 0 ? files : files.filter(({ path }) => words.every((word) => path.toLowerCase().includes(word)));
}
