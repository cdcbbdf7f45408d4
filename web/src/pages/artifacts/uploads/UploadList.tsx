import { useVirtualizer } from '@tanstack/react-virtual';
import { RotateCcw, X } from 'lucide-react';
import { useRef } from 'react';
import { useT } from '../../../i18n';
import { Button, Bytes, IconButton, ProgressBar } from '../../../ui';
import type { Uploads } from './manager';
import { isMoving, type Upload } from './upload';
import styles from './Uploads.module.css';

const ROW = 40;

interface Props {
  readonly uploads: Uploads;
  readonly shown: readonly Readonly<Upload>[];
  /** Open again what the browser remembers, where it can. */
  readonly onResume: () => void;
}

/** The files on their way to one owner: how far each is, and all together. */
export function UploadList({ uploads, shown, onResume }: Props) {
  const t = useT();
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 6,
  });
  if (shown.length === 0) return null;
  const [sent, size] = shown.reduce(([one, other], each) => [one + each.sent, other + each.size], [0, 0]);
  const moving = shown.filter(isMoving);
  const done = shown.filter(({ phase }) => phase === 'done');
  const failed = shown.filter(({ phase }) => phase === 'failed');
  const interrupted = shown.filter(({ phase }) => phase === 'interrupted');
  const keysOf = (list: typeof shown) => list.map(({ key }) => key);
  return (
    <section className={styles.panel} aria-label={t('artifacts.uploads')}>
      <header className={styles.header}>
        <strong aria-live="polite">{t('artifacts.uploaded_of', { done: done.length, count: shown.length })}</strong>
        <span className={styles.amount}>
          <Bytes value={sent} /> / <Bytes value={size} />
        </span>
        <div className={styles.buttons}>
          {failed.length > 0 && (
            <Button size="s" onClick={() => uploads.retry(keysOf(failed))}>
              {t('artifacts.retry_failed', { count: failed.length })}
            </Button>
          )}
          {moving.length > 0 && (
            <Button size="s" onClick={() => void uploads.cancel(keysOf(moving))}>
              {t('artifacts.cancel_all')}
            </Button>
          )}
          {done.length > 0 && moving.length === 0 && (
            <Button size="s" variant="quiet" onClick={() => done[0] && uploads.clear(done[0].owner)}>
              {t('artifacts.clear_done')}
            </Button>
          )}
        </div>
      </header>
      <ProgressBar value={size > 0 ? sent : done.length} max={size > 0 ? size : shown.length} label={t('artifacts.uploads')} hideLabel />
      {interrupted.length > 0 && (
        <p className={styles.notice}>
          {t('artifacts.interrupted', { count: interrupted.length })}{' '}
          {interrupted.some(({ handle }) => handle) && (
            <Button size="s" onClick={onResume}>
              {t('artifacts.resume')}
            </Button>
          )}
        </p>
      )}
      <div ref={scroller} className={styles.scroller} tabIndex={0} role="group" aria-label={t('artifacts.uploads')}>
        <ul className={styles.list} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const upload = shown[index];
            if (!upload) return null;
            return (
              <li key={upload.key} className={styles.item} style={{ transform: `translateY(${start}px)`, height: ROW }}>
                <span className={styles.path} title={upload.path}>
                  {upload.path}
                </span>
                <span className={styles.state} data-phase={upload.phase} title={upload.problem}>
                  {upload.phase === 'failed' ? upload.problem || t('artifacts.phase.failed') : t(`artifacts.phase.${upload.phase}`)}
                </span>
                <span className={styles.progress}>
                  {upload.phase === 'sending' && <ProgressBar value={upload.sent} max={upload.size} label={upload.path} hideLabel />}
                </span>
                <span className={styles.amount}>
                  <Bytes value={upload.size} />
                </span>
                {upload.phase === 'failed' && upload.file ? (
                  <IconButton size="s" icon={<RotateCcw size={14} />} label={t('artifacts.retry')} onClick={() => uploads.retry([upload.key])} />
                ) : null}
                {upload.phase !== 'done' && (
                  <IconButton size="s" icon={<X size={14} />} label={t('artifacts.cancel', { name: upload.path })} onClick={() => void uploads.cancel([upload.key])} />
                )}
              </li>
            );
          })}
        </ul>
      </div>
    </section>
  );
}
