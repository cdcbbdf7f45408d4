import { pieceAt } from './completion';
import styles from './FilterInput.module.css';

/** Behind the input, the same text unseen, with the line below what is wrong. */
export function Underlined({ text, position, scroll }: { readonly text: string; readonly position: number; readonly scroll: number }) {
  const { start, end } = pieceAt(text, position);
  return (
    <div className={styles.mirror} aria-hidden="true">
      <span style={{ transform: `translateX(${-scroll}px)` }} className={styles.mirrored}>
        {text.slice(0, start)}
        <mark className={styles.wrong}>{text.slice(start, end) || ' '}</mark>
        {text.slice(end)}
      </span>
    </div>
  );
}
