import { useT } from '../../i18n';
import type { TagDraft } from './drafts';
import { PairsEditor } from './PairsEditor';

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
  return (
    <PairsEditor
      legend={t('models.tags')}
      keyLabel={t('models.tag_key')}
      valueLabel={t('models.tag_value')}
      addLabel={t('models.tag_add')}
      removeLabel={(key) => t('models.tag_remove', { key })}
      pairs={tags}
      onChange={onChange}
      error={error}
    />
  );
}
