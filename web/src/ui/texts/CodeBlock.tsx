import { useT } from '../../i18n';
import { CopyButton } from '../actions/CopyButton';
import styles from './CodeBlock.module.css';

export interface CodeBlockProps {
  readonly text: string;
  readonly language?: string | undefined;
  readonly lineNumbers?: boolean | undefined;
  readonly label?: string | undefined;
}

/** A text for machines, to read or copy. */
export function CodeBlock({ text, language, lineNumbers = false, label }: CodeBlockProps) {
  const t = useT();
  const count = lineNumbers ? text.replace(/\n$/, '').split('\n').length : 0;
  return (
    <div className={styles.block}>
      <div className={styles.copy}>
        <CopyButton text={text} />
      </div>
      {/* Scrolled by keyboard, too: so it takes the focus. */}
      <div className={styles.scroller} tabIndex={0} role="region" aria-label={label ?? t('ui.code')}>
        {lineNumbers && (
          <pre className={styles.numbers} aria-hidden>
            {Array.from({ length: count }, (_, line) => line + 1).join('\n')}
          </pre>
        )}
        <pre className={styles.text}>
          <code data-language={language}>{text}</code>
        </pre>
      </div>
    </div>
  );
}
