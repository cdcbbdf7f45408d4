import { useState } from 'react';
import { useT } from '../../../i18n';
import { Button } from '../../../ui';
import { bytesText } from '../bytes';
import { UNASKED_BYTES } from './content';
import type { PreviewProps } from './details';
import styles from './Preview.module.css';

/** A picture. The server sends it as an attachment within a sandbox: as a picture no SVG runs script or loads anything. */
export function ImagePreview({ file }: PreviewProps) {
  const t = useT();
  const [isWanted, setWanted] = useState(file.size <= UNASKED_BYTES);
  const [hasFailed, setFailed] = useState(false);
  if (!isWanted) {
    return (
      <p className={styles.more}>
        <Button onClick={() => setWanted(true)}>{t('artifacts.load', { size: bytesText(file.size) })}</Button>
      </p>
    );
  }
  if (hasFailed || file.downloadUrl === null) return <p className={styles.note}>{t('artifacts.not_shown')}</p>;
  return (
    <div className={styles.picture}>
      <img src={file.downloadUrl} alt={file.path} onError={() => setFailed(true)} />
    </div>
  );
}

/** Sound; nothing is read before it is played. */
export function AudioPreview({ file }: PreviewProps) {
  const t = useT();
  const [hasFailed, setFailed] = useState(false);
  if (hasFailed || file.downloadUrl === null) return <p className={styles.note}>{t('artifacts.not_shown')}</p>;
  return (
    <audio
      className={styles.sound}
      controls
      preload={file.size <= UNASKED_BYTES ? 'auto' : 'none'}
      src={file.downloadUrl}
      aria-label={file.path}
      onError={() => setFailed(true)}
    />
  );
}

/** Moving pictures; nothing is read before they are played. */
export function VideoPreview({ file }: PreviewProps) {
  const t = useT();
  const [hasFailed, setFailed] = useState(false);
  if (hasFailed || file.downloadUrl === null) return <p className={styles.note}>{t('artifacts.not_shown')}</p>;
  return (
    <video className={styles.film} controls preload="none" src={file.downloadUrl} aria-label={file.path} onError={() => setFailed(true)} />
  );
}
