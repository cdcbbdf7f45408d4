import { useEffect, useMemo, useState } from 'react';
import { useT } from '../../../i18n';
import { Beginning } from './Beginning';
import { textOf } from './content';
import type { PreviewProps } from './details';
import styles from './Preview.module.css';
import { ofPage } from './sanitise';

/**
 * A file of HTML in a frame of an opaque origin, in which no script runs and nothing is loaded.
 *
 * It is sanitised first, so that it does not even try. The policy of this page holds in the frame as well, and this one
 * beside it.
 */
const POLICY = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:">';

export function PagePreview({ file }: PreviewProps) {
  return <Beginning file={file}>{(bytes, isWhole) => <Framed text={textOf(bytes, isWhole) ?? ''} name={file.path} />}</Beginning>;
}

function Framed({ text, name }: { readonly text: string; readonly name: string }) {
  const t = useT();
  const page = useMemo(() => new Blob([`<!doctype html>${POLICY}`, ofPage(text)], { type: 'text/html; charset=utf-8' }), [text]);
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(page);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [page]);
  return (
    <>
      <p className={styles.note}>{t('artifacts.page_note')}</p>
      {url && <iframe className={styles.frame} sandbox="" referrerPolicy="no-referrer" src={url} title={name} />}
    </>
  );
}
