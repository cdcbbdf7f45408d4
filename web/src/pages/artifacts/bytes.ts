import { i18n } from '@lingui/core';
import { formatBytes } from '../../ui';

/** A size as words within a sentence. */
export function bytesText(value: number): string {
  return formatBytes(value, i18n.locale);
}
