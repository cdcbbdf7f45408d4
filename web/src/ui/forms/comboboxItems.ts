import { useMemo, useState } from 'react';
import type { Translate } from '../../i18n';
import type { Option } from './Select';

export interface Items {
  readonly shown: readonly Option[];
  readonly labelOf: (value: string) => string;
  readonly text: string;
  readonly setText: (text: string) => void;
}

/** The values to choose of: those given, those chosen before, and what was typed where that is allowed. */
export function useItems(
  items: readonly Option[],
  chosen: readonly string[],
  allowNew: boolean,
  t: Translate,
): Items {
  const [text, setText] = useState('');
  const labels = useMemo(() => new Map(items.map((item) => [item.value, item.label])), [items]);
  const typed = text.trim();
  const isNew = allowNew && typed !== '' && !labels.has(typed) && !items.some((item) => item.label === typed) && !chosen.includes(typed);
  const shown = useMemo(
    () => [
      ...items,
      ...chosen.filter((value) => !labels.has(value)).map((value) => ({ value, label: value })),
      ...(isNew ? [{ value: typed, label: t('ui.use_new', { text: typed }) }] : []),
    ],
    [items, chosen, labels, isNew, typed, t],
  );
  return { shown, labelOf: (value) => labels.get(value) ?? value, text, setText };
}
