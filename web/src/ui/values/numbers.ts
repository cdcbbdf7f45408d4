const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** A size in units of 1024: three digits at most after the unit's first. */
export function bytes(value: number, language: string): string {
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), UNITS.length - 1);
  const shown = value / 1024 ** step;
  const digits = step === 0 || shown >= 100 ? 0 : shown >= 10 ? 1 : 2;
  return `${shown.toLocaleString(language, { maximumFractionDigits: digits })} ${UNITS[step]}`;
}

/** Digits that matter for a metric; more are in the title. */
const SIGNIFICANT = 6;

/** A metric as a text: few digits, powers of ten only for the very large and small. */
export function metric(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) {
    return value.toExponential(SIGNIFICANT - 3).replace(/\.?0+e/, 'e').replace('e+', 'e').replace('-', '−').replace('e-', 'e−');
  }
  if (Number.isInteger(value)) return String(value).replace('-', '−');
  return String(Number(value.toPrecision(SIGNIFICANT))).replace('-', '−');
}
