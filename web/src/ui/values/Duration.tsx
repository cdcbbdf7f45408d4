import { useT } from '../../i18n';

export interface DurationProps {
  readonly seconds: number | null | undefined;
}

/** A length of time, by its two largest units. */
export function Duration({ seconds }: DurationProps) {
  const t = useT();
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return <>–</>;
  if (seconds < 1) return <>{t('ui.milliseconds', { count: Math.round(seconds * 1_000) })}</>;
  if (seconds < 60) return <>{t('ui.seconds', { count: seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds) })}</>;
  const whole = Math.round(seconds);
  const [days, hours, minutes, rest] = [Math.floor(whole / 86_400), Math.floor(whole / 3_600) % 24, Math.floor(whole / 60) % 60, whole % 60];
  if (days > 0) return <>{t('ui.days_hours', { days, hours })}</>;
  if (hours > 0) return <>{t('ui.hours_minutes', { hours, minutes })}</>;
  return <>{t('ui.minutes_seconds', { minutes, seconds: rest })}</>;
}
