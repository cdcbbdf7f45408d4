import { FolderUp, Upload as UploadIcon } from 'lucide-react';
import { useRef, type ChangeEvent } from 'react';
import { useT } from '../../../i18n';
import { Button, Field, TextInput } from '../../../ui';
import { filesOfPicker } from './given';
import type { GivenFile } from './upload';
import styles from './Uploads.module.css';

interface Props {
  readonly folder: string;
  readonly onFolder: (folder: string) => void;
  readonly onFiles: (files: readonly GivenFile[]) => void;
  /** There is nothing else yet. */
  readonly isLarge: boolean;
}

/** Where files are chosen, and the folder that they go to. */
export function UploadBar({ folder, onFolder, onFiles, isLarge }: Props) {
  const t = useT();
  const files = useRef<HTMLInputElement>(null);
  const folders = useRef<HTMLInputElement>(null);
  const onChange = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    onFiles(filesOfPicker(currentTarget.files ?? []));
    // The same files can be chosen again.
    currentTarget.value = '';
  };
  return (
    <div className={styles.bar} data-large={isLarge || undefined}>
      <p className={styles.hint}>{t('artifacts.drop_here')}</p>
      <div className={styles.buttons}>
        <Button size="s" icon={<UploadIcon size={14} />} onClick={() => files.current?.click()}>
          {t('artifacts.choose_files')}
        </Button>
        <Button size="s" icon={<FolderUp size={14} />} onClick={() => folders.current?.click()}>
          {t('artifacts.choose_folder')}
        </Button>
      </div>
      <Field label={t('artifacts.target_folder')}>
        <TextInput value={folder} onChange={(event) => onFolder(event.target.value)} placeholder="/" spellCheck={false} />
      </Field>
      <input ref={files} type="file" multiple hidden aria-label={t('artifacts.choose_files')} onChange={onChange} />
      <input ref={folders} type="file" multiple hidden webkitdirectory="" aria-label={t('artifacts.choose_folder')} onChange={onChange} />
    </div>
  );
}
