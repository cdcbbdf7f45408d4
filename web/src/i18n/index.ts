import { i18n } from '@lingui/core';
import { useSyncExternalStore } from 'react';
import type { MessageKey } from './catalogue';

export type { MessageKey } from './catalogue';

export type Language = 'en' | 'ko';

/** The languages in their own words. */
export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', ko: '한국어' };

/** Values for the places of a text. */
export type Values = Readonly<Record<string, string | number | Date>>;

/** Puts a text together. */
export type Translate = (key: MessageKey, values?: Values) => string;

const KEPT = 'modelyard.language';

/** The language that was chosen here before, or the first of the browser's that there is. */
function preferred(): Language {
  const chosen = localStorage.getItem(KEPT) ?? navigator.languages.find((tag) => /^(?:en|ko)\b/.test(tag)) ?? 'en';
  return chosen.startsWith('ko') ? 'ko' : 'en';
}

async function activate(language: Language): Promise<void> {
  // The build has compiled them: what JSON calls texts are lists of parts here. The English ones come with what shows them.
  if (language === 'ko') i18n.load(language, (await import('./korean')).korean);
  i18n.activate(language);
  document.documentElement.lang = language;
}

/** Load the texts before the first page is drawn. */
export function startLanguage(): Promise<void> {
  return activate(preferred());
}

/** Show everything in another language, from now on and at the next visit. */
export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEPT, language);
  await activate(language);
}

const subscribe = (onChange: () => void) => i18n.on('change', onChange);
const current = () => i18n.locale as Language;

/** The language that is shown. */
export function useLanguage(): Language {
  return useSyncExternalStore(subscribe, current);
}

/** Letters that are written from right to left, and characters that change the direction. */
const TURNS = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

/** A name that would turn round the text about it stands between the characters that keep it apart (UAX 9: FSI, PDI). */
function isolated(value: string | number | Date): string | number | Date {
  return typeof value === 'string' && TURNS.test(value) ? `\u2068${value}\u2069` : value;
}

/** A text by its key, outside components. */
export const translate: Translate = (key, values = {}) =>
  i18n._(key, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, isolated(value)])));

const byLanguage: Record<Language, Translate> = {
  en: (key, values) => translate(key, values),
  ko: (key, values) => translate(key, values),
};

/** The function that gives texts; another one for each language, so that what depends on it is made anew. */
export function useT(): Translate {
  return byLanguage[useLanguage()];
}
