import { useT } from '../../../i18n';
import { Beginning } from './Beginning';
import { textOf } from './content';
import type { PreviewProps } from './details';
import styles from './Preview.module.css';
import { Sanitised } from './Sanitised';

/** A file of Markdown as it is meant to look. */
export function MarkdownPreview({ file }: PreviewProps) {
  const t = useT();
  return (
    <Beginning file={file}>
      {(bytes, isWhole) => {
        const text = textOf(bytes, isWhole);
        return text === null ? <p className={styles.note}>{t('artifacts.binary')}</p> : <Sanitised kind="markdown" text={text} />;
      }}
    </Beginning>
  );
}
