import { useRef, useState, type DragEvent, type ReactNode } from 'react';
import { useT } from '../../i18n';
import { toast } from '../../ui';
import styles from './Files.module.css';
import type { FileOwner } from './owner';
import { filesOfDrop, folderOf, isLitter } from './uploads/given';
import { reopened } from './uploads/reopen';
import type { GivenFile } from './uploads/upload';
import { UploadBar } from './uploads/UploadBar';
import { UploadList } from './uploads/UploadList';
import { useUploads } from './uploads/useUploads';

interface Props {
  readonly owner: FileOwner;
  readonly isActive: boolean;
  readonly isEmpty: boolean;
  readonly children: ReactNode;
}

/** Where files can be dropped, with those that are on their way above what is there. */
export function DropArea({ owner, isActive, isEmpty, children }: Props) {
  const t = useT();
  const { uploads, shown } = useUploads(owner);
  const [folder, setFolder] = useState('');
  const [isOver, setOver] = useState(false);
  // A drag enters and leaves each element within.
  const depth = useRef(0);
  const add = (given: readonly GivenFile[]) => {
    const prefix = folderOf(folder);
    const files = given.filter(({ path }) => !isLitter(path));
    uploads.add(owner, prefix === '' ? files : files.map((each) => ({ ...each, path: `${prefix}/${each.path}` })));
  };
  if (!isActive) return <div className={styles.area}>{children}</div>;
  const holdsFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files');
  return (
    <div
      className={styles.area}
      data-over={isOver || undefined}
      onDragEnter={(event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        depth.current += 1;
        setOver(true);
      }}
      onDragOver={(event) => {
        if (holdsFiles(event)) event.preventDefault();
      }}
      onDragLeave={() => {
        depth.current = Math.max(depth.current - 1, 0);
        if (depth.current === 0) setOver(false);
      }}
      onDrop={(event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        filesOfDrop(event.dataTransfer).then(add, (error: unknown) => toast({ title: String(error), tone: 'bad' }));
      }}
    >
      <UploadBar folder={folder} onFolder={setFolder} onFiles={add} isLarge={isEmpty} />
      <UploadList uploads={uploads} shown={shown} onResume={() => void reopened(shown).then((given) => uploads.add(owner, given))} />
      {children}
      {isOver && (
        <div className={styles.overlay} aria-hidden="true">
          {folderOf(folder) === '' ? t('artifacts.drop') : t('artifacts.drop_into', { folder: folderOf(folder) })}
        </div>
      )}
    </div>
  );
}
