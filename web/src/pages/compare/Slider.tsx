import { useEffect, useId, useState } from 'react';
import styles from './Controls.module.css';

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
}

const SETTLED_MILLISECONDS = 120;

/** A number from 0; told once it rests for a moment. */
export function Slider({ label, value, max, step, onChange }: SliderProps) {
  const id = useId();
  const [own, setOwn] = useState(value);
  useEffect(() => setOwn(value), [value]);
  useEffect(() => {
    if (own === value) return;
    const timer = window.setTimeout(() => onChange(own), SETTLED_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [own]);
  return (
    <label className={styles.field} htmlFor={id}>
      <span>{label}</span>
      <input id={id} className={styles.slider} type="range" min={0} max={max} step={step} value={own} onChange={(event) => setOwn(event.target.valueAsNumber)} />
      <output className={styles.output} htmlFor={id}>
        {own}
      </output>
    </label>
  );
}
