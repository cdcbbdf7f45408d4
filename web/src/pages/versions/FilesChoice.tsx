import { X } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Bytes, IconButton, toast } from '../../ui';
import { filesOfDrop, folderOf, isLitter } from '../artifacts/uploads/given';
import type { GivenFile } from '../artifacts/uploads/upload';
import { UploadBar } from '../artifacts/uploads/UploadBar';
import styles from './versions.module.css';

/** Files for a version that is not there yet: dropped or picked now, sent once it is. */
export function FilesChoice({
  files,
  onChange,
}: {
  readonly files: readonly GivenFile[];
  readonly onChange: (files: GivenFile[]) => void;
}) {
  const t = useT();
  const [folder, setFolder] = useState('');
  const add = (given: readonly GivenFile[]) => {
    const prefix = folderOf(folder);
    const added = given
      .filter(({ path }) => !isLitter(path))
      .map((one) => (prefix === '' ? one : { ...one, path: `${prefix}/${one.path}` }));
    // The later one of a path counts.
    onChange([...new Map([...files, ...added].map((one) => [one.path, one])).values()]);
  };
  const size = files.reduce((sum, { file }) => sum + file.size, 0);
  return (
    <fieldset
      className={styles.files}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes('Files')) event.preventDefault();
      }}
      onDrop={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        filesOfDrop(event.dataTransfer).then(add, (error: unknown) => toast({ title: String(error), tone: 'bad' }));
      }}
    >
      <legend>{t('versions.files')}</legend>
      <UploadBar folder={folder} onFolder={setFolder} onFiles={add} isLarge={files.length === 0} />
      {files.length > 0 && (
        <p className={styles.statementHead} aria-live="polite">
          {t('versions.files_in_all', { count: files.length })}, <Bytes value={size} />
          <IconButton icon={<X />} label={t('versions.files_clear')} onClick={() => onChange([])} />
        </p>
      )}
    </fieldset>
  );
}
