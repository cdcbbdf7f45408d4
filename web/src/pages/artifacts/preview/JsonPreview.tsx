import { useMemo } from 'react';
import { useT } from '../../../i18n';
import { Beginning } from './Beginning';
import { textOf } from './content';
import type { Json, PreviewProps } from './details';
import { JsonTree } from './JsonTree';
import styles from './Preview.module.css';
import { Lines } from './TextPreview';

/** A file of JSON as a tree; as text where it is none, or too long to be read whole unasked. */
export function JsonPreview({ file }: PreviewProps) {
  return <Beginning file={file}>{(bytes, isWhole) => <Parsed bytes={bytes} isWhole={isWhole} name={file.path} />}</Beginning>;
}

function Parsed({ bytes, isWhole, name }: { readonly bytes: Uint8Array; readonly isWhole: boolean; readonly name: string }) {
  const t = useT();
  const text = useMemo(() => textOf(bytes, isWhole), [bytes, isWhole]);
  const value = useMemo(() => (isWhole && text !== null ? parsed(text) : undefined), [text, isWhole]);
  if (text === null) return <p className={styles.note}>{t('artifacts.binary')}</p>;
  if (value !== undefined) return <JsonTree value={value} isOpen />;
  return (
    <>
      {isWhole && <p className={styles.note}>{t('artifacts.not_read', { kind: 'JSON' })}</p>}
      <Lines text={text} name={name} />
    </>
  );
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
