import { useT } from '../i18n';
import { chooseTheme, useTheme, type Theme } from './theme';

const THEMES = ['system', 'light', 'dark'] as const satisfies readonly Theme[];

export function ThemeChoice() {
  const t = useT();
  const theme = useTheme();
  return (
    <select aria-label={t('shell.theme')} value={theme} onChange={(event) => chooseTheme(event.target.value as Theme)}>
      {THEMES.map((one) => (
        <option key={one} value={one}>
          {t(`shell.theme_${one}`)}
        </option>
      ))}
    </select>
  );
}
