import { memo } from 'react';
import { useT } from '../i18n';
import styles from './Legend.module.css';
import type { LegendEntry } from './picture';

/** An entry that can be switched off. */
export interface SwitchedEntry extends LegendEntry {
  readonly id: string;
}

interface LegendProps {
  readonly entries: readonly SwitchedEntry[];
  readonly hidden: ReadonlySet<string>;
  readonly onHidden: (hidden: readonly string[]) => void;
  readonly onFocus: (id: string | null) => void;
}

/** The names of a chart's curves with their looks; a click switches one off, with the alt key all others. */
export const Legend = memo(function Legend({ entries, hidden, onHidden, onFocus }: LegendProps) {
  const t = useT();
  const toggle = (id: string, isAlone: boolean) => {
    if (isAlone) onHidden(entries.filter((entry) => entry.id !== id).map((entry) => entry.id));
    else onHidden(hidden.has(id) ? [...hidden].filter((other) => other !== id) : [...hidden, id]);
  };
  return (
    <div className={styles.legend} role="group" aria-label={t('compare.chart_legend')}>
      {entries.map(({ id, name, colour, look }) => (
        <button
          key={id}
          type="button"
          className={styles.entry}
          aria-pressed={!hidden.has(id)}
          title={t('compare.chart_legend_hint', { name })}
          onClick={(event) => toggle(id, event.altKey)}
          onPointerEnter={() => onFocus(id)}
          onPointerLeave={() => onFocus(null)}
        >
          <svg className={styles.mark} viewBox="0 0 24 8" aria-hidden="true">
            <line x1="1" y1="4" x2="23" y2="4" stroke={colour} strokeWidth="3" strokeDasharray={['0', '6 3', '2 3', '8 3 2 3'][Math.floor(look / 8) % 4]} />
          </svg>
          <span className={styles.name}>{name}</span>
        </button>
      ))}
      {hidden.size > 0 && (
        <button type="button" className={styles.all} onClick={() => onHidden([])}>
          {t('compare.chart_show_all')}
        </button>
      )}
    </div>
  );
});
