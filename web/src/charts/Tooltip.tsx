import { useSignal, type Signal } from './signal';
import styles from './Tooltip.module.css';

/** A line of the tooltip. */
export interface TooltipRow {
  readonly name: string;
  readonly value: string;
  readonly colour: string;
  readonly isNearest: boolean;
}

/** What stands at the cursor. */
export interface TooltipContent {
  readonly left: number;
  readonly top: number;
  /** Of the plot: beyond its middle the tooltip lies to the left of the cursor. */
  readonly width: number;
  readonly head: string;
  readonly rows: readonly TooltipRow[];
  /** How many rows more there are. */
  readonly more: number;
}

/** The values at the cursor, told to screen readers, too. */
export function Tooltip({ signal }: { readonly signal: Signal<TooltipContent | null> }) {
  const content = useSignal(signal);
  const isLeft = content !== null && content.left > content.width / 2;
  return (
    <div
      className={styles.tooltip}
      hidden={content === null}
      aria-live="polite"
      style={content === null ? undefined : { transform: `translate(${content.left}px, ${content.top}px) translate(${isLeft ? 'calc(-100% - 14px)' : '14px'}, -50%)` }}
    >
      <div className={styles.head}>{content?.head}</div>
      {content?.rows.map(({ name, value, colour, isNearest }, index) => (
        <div key={index} className={isNearest ? styles.nearest : styles.row}>
          <svg className={styles.mark} viewBox="0 0 8 8" aria-hidden="true">
            <circle cx="4" cy="4" r="4" fill={colour} />
          </svg>
          <span className={styles.name}>{name}</span>
          <span className={styles.value}>{value}</span>
        </div>
      ))}
      {content !== null && content.more > 0 && <div className={styles.more}>+{content.more}</div>}
    </div>
  );
}
