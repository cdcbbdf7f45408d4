import { chooseLanguage, LANGUAGES, useLanguage, useT, type Language } from '../i18n';

export function LanguageChoice() {
  const t = useT();
  const language = useLanguage();
  return (
    <select
      aria-label={t('shell.language')}
      value={language}
      onChange={(event) => void chooseLanguage(event.target.value as Language)}
    >
      {Object.entries(LANGUAGES).map(([code, name]) => (
        <option key={code} value={code} lang={code}>
          {name}
        </option>
      ))}
    </select>
  );
}
