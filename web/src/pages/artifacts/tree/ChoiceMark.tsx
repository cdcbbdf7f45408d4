import { Check, Minus } from 'lucide-react';
import type { MouseEvent } from 'react';
import styles from './FileTree.module.css';

interface Props {
  readonly state: boolean | 'mixed';
  readonly onToggle: (isRange: boolean) => void;
}

/** The box that chooses a row. The row says whether it is chosen, and the space bar on it does the same. */
export function ChoiceMark({ state, onToggle }: Props) {
  const onClick = (event: MouseEvent) => {
    event.stopPropagation();
    onToggle(event.shiftKey);
  };
  return (
    <span aria-hidden="true" className={styles.mark} data-on={state !== false || undefined} onClick={onClick}>
      {state === 'mixed' ? <Minus size={12} /> : state ? <Check size={12} /> : null}
    </span>
  );
}
