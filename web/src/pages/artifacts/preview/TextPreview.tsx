import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { useT } from '../../../i18n';
import { Beginning } from './Beginning';
import { textOf } from './content';
import type { PreviewProps } from './details';
import styles from './Preview.module.css';

const LINE = 20;
/** Longer lines are broken: a browser cannot draw a line of a mebibyte. */
const LONGEST = 1_000;

/** A file as text, with numbers of lines; only the lines that are seen are drawn. */
export function TextPreview({ file }: PreviewProps) {
  const t = useT();
  return (
    <Beginning file={file}>
      {(bytes, isWhole) => {
        const text = textOf(bytes, isWhole);
        return text === null ? <p className={styles.note}>{t('artifacts.binary')}</p> : <Lines text={text} name={file.path} />;
      }}
    </Beginning>
  );
}

/** Text with numbers of lines. */
export function Lines({ text, name }: { readonly text: string; readonly name: string }) {
  const lines = useMemo(() => broken(text), [text]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 30,
  });
  return (
    <div ref={scroller} className={styles.code} tabIndex={0} role="region" aria-label={name}>
      <pre className={styles.lines} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          return (
            <div key={index} className={styles.line} style={{ transform: `translateY(${start}px)` }}>
              <span className={styles.number} aria-hidden="true" data-number={line?.number ?? ''} />
              <code>{line?.text}</code>
            </div>
          );
        })}
      </pre>
    </div>
  );
}

interface Line {
  /** Null: it goes on with the line before. */
  readonly number: number | null;
  readonly text: string;
}

function broken(text: string): Line[] {
  const lines: Line[] = [];
  const all = text.split(/\r\n|\n|\r/);
  if (all.at(-1) === '' && all.length > 1) all.pop();
  all.forEach((line, index) => {
    lines.push({ number: index + 1, text: line.slice(0, LONGEST) });
    for (let at = LONGEST; at < line.length; at += LONGEST) lines.push({ number: null, text: line.slice(at, at + LONGEST) });
  });
  return lines;
}
