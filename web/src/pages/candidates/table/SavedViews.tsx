import { Bookmark } from 'lucide-react';
import { useState } from 'react';
import type { TableSearch } from '../../../routes/candidates';
import { useT } from '../../../i18n';
import { Button, Dialog, Field, Menu, TextInput, toast } from '../../../ui';
import { readViews, removeView, saveView } from './saved_views';
import type { Navigate } from './useTableState';

interface Props {
  readonly project: string;
  readonly table: string;
  readonly search: TableSearch;
  readonly navigate: Navigate;
}

const NOTHING = { f: undefined, sort: undefined, group: undefined, cols: undefined, flat: undefined, view: undefined, sel: undefined };

/** Views of a table under names of one's own. */
export function SavedViews({ project, table, search, navigate }: Props) {
  const t = useT();
  const [views, setViews] = useState(() => readViews(project, table));
  const [name, setName] = useState<string | null>(null);
  const save = (given: string) => {
    const { sel: _, ...kept } = search;
    setViews(saveView(project, table, { name: given, search: kept }));
    setName(null);
    toast({ title: t('candidates.view_saved', { name: given }), tone: 'good' });
  };
  const copy = async () => {
    await navigator.clipboard.writeText(window.location.href);
    toast({ title: t('candidates.view_copied'), tone: 'good' });
  };
  return (
    <>
      <Menu
        trigger={
          <Button variant="secondary" icon={<Bookmark size={15} aria-hidden />}>
            {t('candidates.views')}
          </Button>
        }
        items={[
          ...views.map((view) => ({ label: view.name, onSelect: () => navigate({ ...NOTHING, ...view.search }) })),
          ...(views.length > 0 ? ['separator' as const] : []),
          { label: t('candidates.view_save'), onSelect: () => setName('') },
          { label: t('candidates.view_copy'), onSelect: () => void copy() },
          ...(views.length > 0 ? ['separator' as const] : []),
          ...views.map((view) => ({ label: t('candidates.view_remove', { name: view.name }), danger: true, onSelect: () => setViews(removeView(project, table, view.name)) })),
        ]}
      />
      {name !== null && (
        <Dialog
          open
          onClose={() => setName(null)}
          title={t('candidates.view_save')}
          footer={
            <Button variant="primary" disabled={name.trim() === ''} onClick={() => save(name.trim())}>
              {t('candidates.save')}
            </Button>
          }
        >
          <Field label={t('candidates.view_name')} hint={t('candidates.view_hint')}>
            <TextInput value={name} maxLength={100} onChange={(event) => setName(event.currentTarget.value)} />
          </Field>
        </Dialog>
      )}
    </>
  );
}
