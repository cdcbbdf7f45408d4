import { useLanguage } from '../../i18n';
import { useNow } from './clock';

export interface TimeProps {
  /** ISO 8601, as the schema's `DateTime`; nothing shows a dash. */
  readonly at: string | null | undefined;
  /** The exact time instead of how long ago. */
  readonly withTime?: boolean | undefined;
}

const exact = new Map<string, Intl.DateTimeFormat>();
const short = new Map<string, Intl.DateTimeFormat>();
const relative = new Map<string, Intl.RelativeTimeFormat>();

function kept<Format>(formats: Map<string, Format>, language: string, make: () => Format): Format {
  const format = formats.get(language) ?? make();
  formats.set(language, format);
  return format;
}

const UNITS = [
  ['minute', 60, 3_600],
  ['hour', 3_600, 86_400],
  ['day', 86_400, 86_400 * 14],
  ['week', 86_400 * 7, 86_400 * 60],
] as const;

/** A moment as far from now as `seconds`; older ones than two months by their date. */
function distance(seconds: number, date: Date, language: string): string {
  const format = kept(relative, language, () => new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'long' }));
  const size = Math.abs(seconds);
  if (size < 60) return format.format(0, 'second');
  const unit = UNITS.find(([, , end]) => size < end);
  if (unit) return format.format(Math.trunc(seconds / unit[1]), unit[0]);
  return kept(short, language, () => new Intl.DateTimeFormat(language, { dateStyle: 'medium' })).format(date);
}

/** A moment: how long ago, with the exact time when pointed at. */
export function Time({ at, withTime = false }: TimeProps) {
  const language = useLanguage();
  const now = useNow();
  if (!at) return <>–</>;
  const date = new Date(at);
  const whole = kept(exact, language, () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })).format(date);
  return (
    <time dateTime={at} title={whole}>
      {withTime ? whole : distance((date.getTime() - now) / 1_000, date, language)}
    </time>
  );
}
