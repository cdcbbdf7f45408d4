import { i18n } from '@lingui/core';

/** Add English texts: the build has each module that names keys call this with the texts of these keys. */
export function addEnglish(texts: Record<string, string>): void {
  i18n.load('en', texts);
}
