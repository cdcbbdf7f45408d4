import { Tabs } from '@base-ui/react/tabs';
import { lazy, Suspense, useState } from 'react';
import { useT } from '../../i18n';
import { TextArea } from '../forms/TextArea';
import { Skeleton } from '../states/Skeleton';
import styles from './MarkdownEditor.module.css';

const MarkdownPreview = lazy(async () => ({ default: (await import('./MarkdownPreview')).MarkdownPreview }));

export interface MarkdownEditorProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly name?: string | undefined;
  readonly rows?: number | undefined;
  readonly placeholder?: string | undefined;
}

/** A text in Markdown, to write and to look at. */
export function MarkdownEditor({ value, onChange, name, rows = 8, placeholder }: MarkdownEditorProps) {
  const t = useT();
  const [tab, setTab] = useState<'write' | 'preview'>('write');
  return (
    <Tabs.Root className={styles.editor} value={tab} onValueChange={(next: 'write' | 'preview') => setTab(next)}>
      <Tabs.List className={styles.list}>
        <Tabs.Tab value="write" className={styles.tab}>
          {t('ui.write')}
        </Tabs.Tab>
        <Tabs.Tab value="preview" className={styles.tab}>
          {t('ui.preview')}
        </Tabs.Tab>
        <span className={styles.note}>{t('ui.markdown')}</span>
      </Tabs.List>
      {/* Kept while the preview is shown: the browser's own undo goes on working. */}
      <Tabs.Panel value="write" keepMounted>
        <TextArea
          className={styles.area}
          name={name}
          rows={rows}
          value={value}
          placeholder={placeholder}
          onChange={(event) => onChange(event.target.value)}
        />
      </Tabs.Panel>
      <Tabs.Panel value="preview" className={styles.preview}>
        <Suspense fallback={<Skeleton rows={3} />}>
          {tab === 'preview' && (value.trim() === '' ? <p className={styles.note}>{t('ui.preview_empty')}</p> : <MarkdownPreview text={value} />)}
        </Suspense>
      </Tabs.Panel>
    </Tabs.Root>
  );
}
