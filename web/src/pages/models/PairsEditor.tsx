import { Plus, X } from 'lucide-react';
import { Button, IconButton, TextInput } from '../../ui';
import type { TagDraft } from './drafts';
import styles from './models.module.css';

/** Lines of key and value, to be changed, added and removed. */
export function PairsEditor({
  legend,
  keyLabel,
  valueLabel,
  addLabel,
  removeLabel,
  pairs,
  onChange,
  error,
}: {
  readonly legend: string;
  readonly keyLabel: string;
  readonly valueLabel: string;
  readonly addLabel: string;
  readonly removeLabel: (key: string) => string;
  readonly pairs: readonly TagDraft[];
  readonly onChange: (pairs: TagDraft[]) => void;
  readonly error?: string | undefined;
}) {
  const set = (at: number, change: Partial<TagDraft>) =>
    onChange(pairs.map((pair, index) => (index === at ? { ...pair, ...change } : pair)));
  return (
    <fieldset className={styles.tags}>
      <legend>{legend}</legend>
      {pairs.map((pair, index) => (
        <div key={index} className={styles.tag}>
          <TextInput
            aria-label={keyLabel}
            placeholder={keyLabel}
            value={pair.key}
            onChange={(event) => set(index, { key: event.target.value })}
          />
          <TextInput
            aria-label={valueLabel}
            placeholder={valueLabel}
            value={pair.value}
            onChange={(event) => set(index, { value: event.target.value })}
          />
          <IconButton
            icon={<X />}
            label={removeLabel(pair.key)}
            onClick={() => onChange(pairs.filter((_, other) => other !== index))}
          />
        </div>
      ))}
      {error !== undefined && (
        <p className={styles.fieldError} role="alert">
          {error}
        </p>
      )}
      <Button size="s" icon={<Plus />} onClick={() => onChange([...pairs, { key: '', value: '' }])}>
        {addLabel}
      </Button>
    </fieldset>
  );
}
