import { Check, Minus } from 'lucide-react';
import type { MouseEvent } from 'react';
import styles from './FileTree.module.css';

interface Props {
  readonly label: string;
  readonly state: boolean | 'mixed';
  readonly onToggle: (isRange: boolean) => void;
}

/** The box that chooses a row; for the keyboard the space bar on the row does the same. */
export function ChoiceMark({ label, state, onToggle }: Props) {
  const onClick = (event: MouseEvent) => {
    event.stopPropagation();
    onToggle(event.shiftKey);
  };
  return (
    <span role="checkbox" aria-checked={state} aria-label={label} tabIndex={-1} className={styles.mark} data-on={state !== false || undefined} onClick={onClick}>
      {state === 'mixed' ? <Minus size={12} /> : state ? <Check size={12} /> : null}
    </span>
  );
}
