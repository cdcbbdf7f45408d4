import { useLanguage } from '../../i18n';

/** A number of things, with the marks of the language. */
export function Count({ value }: { readonly value: number | null | undefined }) {
  const language = useLanguage();
  return <>{value === null || value === undefined ? '–' : value.toLocaleString(language)}</>;
}
