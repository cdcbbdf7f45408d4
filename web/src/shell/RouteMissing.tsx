import { Link } from '@tanstack/react-router';
import { useT } from '../i18n';

export function RouteMissing() {
  const t = useT();
  return (
    <section>
      <h1>{t('shell.missing')}</h1>
      <Link to="/">{t('shell.to_home')}</Link>
    </section>
  );
}
