import type { ErrorComponentProps } from '@tanstack/react-router';
import { asFailure } from '../api';
import { useT } from '../i18n';

/** A page that could not be drawn, such as one whose script could not be loaded. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  const t = useT();
  return (
    <section role="alert">
      <h1>{t('shell.failed')}</h1>
      <p>{asFailure(error).message}</p>
      <button type="button" onClick={reset}>
        {t('shell.again')}
      </button>
    </section>
  );
}
