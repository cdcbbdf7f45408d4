import { useT } from '../../i18n';

export function SearchPage() {
  const t = useT();
  return <h1>{t('home.search')}</h1>;
}
