import { useQuery } from '@tanstack/react-query';
import { Download, Trash2, X } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { query, useSending } from '../../api';
import { FileDocument, FileReleaseDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Bytes, Chip, CopyButton, Digest, IconButton, Loaded, Person, Problem, StatusChip, Time } from '../../ui';
import { save } from './downloads/single';
import styles from './Files.module.css';
import type { FileDetails } from './preview/details';
import { Preview } from './preview/Preview';
import { FILES } from './tree/first_files';

interface Props {
  readonly id: string;
  readonly onClose: () => void;
  /** Null: it may not be deleted. */
  readonly onDelete: (() => void) | null;
}

/** One file: what is known of it, and what is in it. */
export function FilePane({ id, onClose, onDelete }: Props) {
  const t = useT();
  const heading = useRef<HTMLDivElement>(null);
  const result = useQuery(query(FileDocument, { id }));
  useEffect(() => {
    // Browsers may answer with a promise, which is no clean-up.
    void heading.current?.scrollIntoView({ block: 'nearest' });
  }, [id]);
  return (
    <section className={styles.pane} aria-label={t('artifacts.file')} ref={heading}>
      <Loaded query={result}>
        {({ artifact }) =>
          artifact ? (
            <>
              <header className={styles.paneHeader}>
                <h3 className={styles.fileName} title={artifact.path}>
                  {artifact.path}
                </h3>
                <div className={styles.actions}>
                  <Button
                    size="s"
                    icon={<Download size={14} />}
                    disabled={artifact.downloadUrl === null}
                    onClick={() => {
                      if (artifact.downloadUrl !== null) save(artifact.downloadUrl, artifact.path.slice(artifact.path.lastIndexOf('/') + 1));
                    }}
                  >
                    {t('artifacts.download')}
                  </Button>
                  <CopyButton text={artifact.path} label={t('artifacts.copy_path')} />
                  {onDelete && artifact.viewerCanDelete && (
                    <IconButton icon={<Trash2 size={14} />} label={t('artifacts.delete')} onClick={onDelete} />
                  )}
                  <IconButton icon={<X size={14} />} label={t('artifacts.close')} onClick={onClose} />
                </div>
              </header>
              <Known file={artifact} />
              <Preview key={artifact.id} file={artifact} />
            </>
          ) : (
            <p>{t('artifacts.file_gone')}</p>
          )
        }
      </Loaded>
    </section>
  );
}

function Known({ file }: { readonly file: FileDetails }) {
  const t = useT();
  const { send, isBusy, errors, failure } = useSending(FileReleaseDocument, [FILES, FileDocument.name]);
  return (
    <>
      <dl className={styles.known}>
        <div>
          <dt>{t('artifacts.size')}</dt>
          <dd>
            <Bytes value={file.size} />
          </dd>
        </div>
        <div>
          <dt>{t('artifacts.media_type')}</dt>
          <dd>
            {file.mediaType} {file.format !== null && <Chip tone="info">{file.format}</Chip>}
          </dd>
        </div>
        <div>
          <dt>SHA-256</dt>
          <dd>
            <Digest value={file.sha256} />
          </dd>
        </div>
        <div>
          <dt>{t('artifacts.stored')}</dt>
          <dd className={styles.who}>
            <Time at={file.createdAt} /> {file.createdBy && <Person user={file.createdBy} />}
          </dd>
        </div>
        <div>
          <dt>{t('artifacts.status')}</dt>
          <dd>
            <StatusChip status={file.status} />
            {file.damage && <StatusChip status={file.damage} />}
            {file.scan && file.scan.verdict !== 'SAFE' && <StatusChip status={file.scan.verdict} />}
          </dd>
        </div>
      </dl>
      {file.statusReason !== null && file.status !== 'READY' && <p className={styles.reason}>{file.statusReason}</p>}
      {file.scan && file.scan.findings.length > 0 && (
        <details className={styles.findings}>
          <summary>{t('artifacts.findings', { count: file.scan.findings.length })}</summary>
          <ul>
            {file.scan.findings.map((finding, index) => (
              <li key={index}>{finding}</li>
            ))}
          </ul>
          <p>{file.scan.scanners.join(', ')}</p>
        </details>
      )}
      {file.viewerCanRelease && (
        <p>
          <Button size="s" busy={isBusy} onClick={() => void send({ input: { artifact: { id: file.id } } })}>
            {t('artifacts.release')}
          </Button>{' '}
          {t('artifacts.release_note')}
        </p>
      )}
      {errors.map(({ message }) => (
        <p key={message} className={styles.reason} role="alert">
          {message}
        </p>
      ))}
      {failure && <Problem failure={failure} inline />}
    </>
  );
}
