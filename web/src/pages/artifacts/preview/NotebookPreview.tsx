import { useMemo } from 'react';
import { useT } from '../../../i18n';
import { Beginning } from './Beginning';
import { textOf } from './content';
import type { PreviewProps } from './details';
import { cellsOf } from './notebook';
import { NotebookCell } from './NotebookCell';
import styles from './Preview.module.css';
import { Lines } from './TextPreview';

/** A Jupyter notebook: its cells with what they gave. */
export function NotebookPreview({ file }: PreviewProps) {
  return <Beginning file={file}>{(bytes, isWhole) => <Cells bytes={bytes} isWhole={isWhole} name={file.path} />}</Beginning>;
}

function Cells({ bytes, isWhole, name }: { readonly bytes: Uint8Array; readonly isWhole: boolean; readonly name: string }) {
  const t = useT();
  const text = useMemo(() => textOf(bytes, isWhole), [bytes, isWhole]);
  const cells = useMemo(() => (isWhole && text !== null ? cellsOf(text) : null), [text, isWhole]);
  if (text === null) return <p className={styles.note}>{t('artifacts.binary')}</p>;
  if (cells === null) {
    return (
      <>
        <p className={styles.note}>{t(isWhole ? 'artifacts.not_read' : 'artifacts.read_whole', { kind: 'Jupyter' })}</p>
        <Lines text={text} name={name} />
      </>
    );
  }
  return (
    <div className={styles.notebook}>
      {cells.map((cell, index) => (
        <NotebookCell key={index} cell={cell} />
      ))}
    </div>
  );
}
