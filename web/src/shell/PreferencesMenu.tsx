import { Check, Keyboard, Languages, Monitor, Moon, Settings2, Sun } from 'lucide-react';
import { chooseLanguage, LANGUAGES, useLanguage, useT, type Language } from '../i18n';
import { IconButton, Menu } from '../ui';
import { openPalette } from './palette/open';
import { chooseTheme, useTheme } from './theme';

const THEMES = [
  ['system', Monitor],
  ['light', Sun],
  ['dark', Moon],
] as const;

/** How things are shown: theme and language. */
export function PreferencesMenu() {
  const t = useT();
  const theme = useTheme();
  const language = useLanguage();
  const languages = Object.entries(LANGUAGES) as [Language, string][];
  return (
    <Menu
      trigger={<IconButton icon={<Settings2 />} label={t('shell.preferences')} />}
      items={[
        ...THEMES.map(([one, Icon]) => ({
          label: t(`shell.theme_${one}`),
          icon: one === theme ? <Check /> : <Icon />,
          onSelect: () => chooseTheme(one),
        })),
        'separator' as const,
        ...languages.map(([code, name]) => ({
          label: name,
          icon: code === language ? <Check /> : <Languages />,
          onSelect: () => void chooseLanguage(code),
        })),
        'separator' as const,
        { label: t('shell.shortcuts'), icon: <Keyboard />, onSelect: () => openPalette('shortcuts') },
      ]}
    />
  );
}
