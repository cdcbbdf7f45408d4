import { Archive, Trash2, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { asFailure } from '../../api';
import { useT } from '../../i18n';
import { Button, IconButton, ProgressBar, toast } from '../../ui';
import { bytesText } from './bytes';
import { saveTogether, wayOf } from './downloads/zip';
import styles from './Files.module.css';
import type { useChoice } from './tree/choosing';
import { below } from './tree/tree';

interface Props {
  readonly choice: ReturnType<typeof useChoice>;
  /** How many files there are in all. */
  readonly count: number;
  readonly folder: string;
  readonly name: string;
  readonly onDelete: (() => void) | null;
}

/** What can be done with the chosen files together. */
export function SelectionBar({ choice, count, folder, name, onDelete }: Props) {
  const t = useT();
  const [bytes, setBytes] = useState<number>();
  const stop = useRef<AbortController>(undefined);
  const { chosen, files } = choice;
  const available = files.filter(({ status, damage }) => status !== 'QUARANTINED' && damage === null);
  const size = available.reduce((sum, file) => sum + file.size, 0);
  const save = async () => {
    const controller = new AbortController();
    stop.current = controller;
    let read = 0;
    setBytes(0);
    try {
      const entries = available.map((file) => ({ ...file, path: below(file.path, folder) }));
      await saveTogether(entries, `${name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}.zip`, (more) => setBytes((read += more)), controller.signal);
    } catch (error) {
      if (!controller.signal.aborted) toast({ title: asFailure(error).message || t('artifacts.zip_failed'), tone: 'bad' });
    } finally {
      setBytes(undefined);
    }
  };
  return (
    <div className={styles.selection} role="group" aria-label={t('artifacts.selection')}>
      <Button size="s" variant="quiet" onClick={chosen.size === count ? choice.clear : choice.all}>
        {chosen.size === count ? t('artifacts.choose_none') : t('artifacts.choose_all')}
      </Button>
      <span aria-live="polite" className={chosen.size === 0 ? styles.none : undefined}>{t('artifacts.chosen', { count: chosen.size, size: bytesText(size) })}</span>
      <span className={styles.actions}>
        <Button
          size="s"
          icon={<Archive size={14} />}
          disabled={available.length === 0}
          busy={bytes !== undefined}
          onClick={() => void save()}
          title={wayOf(size) === 'each' ? t('artifacts.each') : undefined}
        >
          {t('artifacts.zip')}
        </Button>
        {onDelete && (
          <Button size="s" icon={<Trash2 size={14} />} disabled={chosen.size === 0} onClick={onDelete}>
            {t('artifacts.delete')}
          </Button>
        )}
      </span>
      {bytes !== undefined && (
        <span className={styles.saving}>
          <ProgressBar value={bytes} max={Math.max(size, 1)} label={t('artifacts.zip')} hideLabel />
          <IconButton icon={<X size={14} />} label={t('artifacts.cancel_zip')} onClick={() => stop.current?.abort()} />
        </span>
      )}
    </div>
  );
}
