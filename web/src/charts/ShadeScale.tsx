import { useLanguage } from '../i18n';
import { rampColour, useChartColours } from './colours';
import { shortNumber } from './formats';
import styles from './ShadeScale.module.css';
import type { Range } from './types';

const STEPS = 12;

/** Which colour stands for which value. */
export function ShadeScale({ label, range }: { readonly label: string; readonly range: Range }) {
  const language = useLanguage();
  const colours = useChartColours();
  return (
    <div className={styles.scale}>
      <span className={styles.label}>{label}</span>
      <span>{shortNumber(range[0], language, 3)}</span>
      <svg className={styles.ramp} viewBox={`0 0 ${STEPS} 1`} preserveAspectRatio="none" aria-hidden="true">
        {Array.from({ length: STEPS }, (_, step) => (
          <rect key={step} x={step} y="0" width="1.05" height="1" fill={`rgb(${rampColour(colours, step / (STEPS - 1)).join(',')})`} />
        ))}
      </svg>
      <span>{shortNumber(range[1], language, 3)}</span>
    </div>
  );
}
