import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asFailure, change } from '../../api';
import { FilesDeleteDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { ConfirmDialog } from '../../ui';
import { bytesText } from './bytes';
import styles from './Files.module.css';
import { lookupOf, type FileOwner } from './owner';
import { FILES } from './tree/first_files';
import { filesOf, pathsOf, type FolderNode } from './tree/tree';

const LISTED = 8;
const AT_ONCE = 4;

interface Props {
  readonly owner: FileOwner;
  readonly root: FolderNode;
  readonly folder: string;
  readonly chosen: ReadonlySet<string>;
  readonly onClose: (isDone: boolean) => void;
}

/** Asks before files are deleted, and names them. */
export function FilesDeleteDialog({ owner, root, folder, chosen, onClose }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const files = filesOf(root).filter(({ id }) => chosen.has(id));
  const paths = pathsOf(root, chosen, folder);
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const remove = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const left = [...paths];
      const one = async () => {
        for (let path = left.shift(); path !== undefined; path = left.shift()) {
          await change(FilesDeleteDocument, { input: { owner: lookupOf(owner), path } });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, one));
      onClose(true);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : asFailure(error).message);
    } finally {
      setBusy(false);
      // Some may be gone, also when a later one is refused.
      void queries.invalidateQueries({ queryKey: [FILES, owner.kind, owner.id] });
    }
  };
  return (
    <ConfirmDialog
      open
      onClose={() => onClose(false)}
      onConfirm={() => void remove()}
      title={t('artifacts.delete_title', { count: files.length })}
      confirmLabel={t('artifacts.delete')}
      busy={isBusy}
      problem={problem}
    >
      <p>{t('artifacts.delete_text', { count: files.length, size: bytesText(size) })}</p>
      <ul className={styles.deleted}>
        {paths.slice(0, LISTED).map((path) => (
          <li key={path}>{path}</li>
        ))}
        {paths.length > LISTED && <li>{t('artifacts.and_more', { count: paths.length - LISTED })}</li>}
      </ul>
    </ConfirmDialog>
  );
}
