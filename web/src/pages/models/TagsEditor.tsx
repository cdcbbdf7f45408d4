import { Plus, X } from 'lucide-react';
import { useT } from '../../i18n';
import { Button, IconButton, TextInput } from '../../ui';
import type { TagDraft } from './drafts';
import styles from './models.module.css';

/** Tags as lines of key and value. */
export function TagsEditor({
  tags,
  onChange,
  error,
}: {
  readonly tags: readonly TagDraft[];
  readonly onChange: (tags: TagDraft[]) => void;
  readonly error?: string | undefined;
}) {
  const t = useT();
  const set = (at: number, change: Partial<TagDraft>) =>
    onChange(tags.map((tag, index) => (index === at ? { ...tag, ...change } : tag)));
  return (
    <fieldset className={styles.tags}>
      <legend>{t('models.tags')}</legend>
      {tags.map((tag, index) => (
        <div key={index} className={styles.tag}>
          <TextInput
            aria-label={t('models.tag_key')}
            placeholder={t('models.tag_key')}
            value={tag.key}
            onChange={(event) => set(index, { key: event.target.value })}
          />
          <TextInput
            aria-label={t('models.tag_value')}
            placeholder={t('models.tag_value')}
            value={tag.value}
            onChange={(event) => set(index, { value: event.target.value })}
          />
          <IconButton
            icon={<X />}
            label={t('models.tag_remove', { key: tag.key })}
            onClick={() => onChange(tags.filter((_, other) => other !== index))}
          />
        </div>
      ))}
      {error !== undefined && (
        <p className={styles.fieldError} role="alert">
          {error}
        </p>
      )}
      <Button size="s" icon={<Plus />} onClick={() => onChange([...tags, { key: '', value: '' }])}>
        {t('models.tag_add')}
      </Button>
    </fieldset>
  );
}
