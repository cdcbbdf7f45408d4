import type { Translate } from '../../i18n';
import { toast } from '../../ui';

/** Put a text into the clipboard and say so. */
export function copied(t: Translate, text: string): void {
  navigator.clipboard.writeText(text).then(
    () => toast({ title: t('models.copied'), tone: 'good' }),
    () => toast({ title: t('models.not_copied'), tone: 'bad' }),
  );
}
