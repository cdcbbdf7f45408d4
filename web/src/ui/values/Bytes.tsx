import { useLanguage } from '../../i18n';
import { bytes } from './numbers';

/** A size in units of 1024, with the exact number when pointed at. */
export function Bytes({ value }: { readonly value: number | null | undefined }) {
  const language = useLanguage();
  if (value === null || value === undefined) return <>–</>;
  return <span title={`${value.toLocaleString(language)} B`}>{bytes(value, language)}</span>;
}
