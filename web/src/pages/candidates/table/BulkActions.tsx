import { useNavigate } from '@tanstack/react-router';
import { GitCompareArrows, RotateCcw, Tag, Trash2, X } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../../i18n';
import { Button, IconButton, toast } from '../../../ui';
import styles from './CandidatesTable.module.css';
import { deleteAll, restoreAll, type BulkResult } from './bulk';
import type { Candidates } from './useCandidates';
import type { Selection } from './useSelection';
import { TagDialog } from './TagDialog';

interface Props {
  readonly project: string;
  readonly selection: Selection;
  readonly isTrash: boolean;
  /** Whether the viewer may tag, delete and restore. */
  readonly canWrite: boolean;
  readonly patch: Candidates['patch'];
  readonly again: () => void;
}

const MOST_COMPARED = 50;

/** What can be done with the selected candidates. */
export function BulkActions({ project, selection, isTrash, canWrite, patch, again }: Props) {
  const t = useT();
  const go = useNavigate();
  const [isBusy, setBusy] = useState(false);
  const [isTagging, setTagging] = useState(false);
  const { rows, clear } = selection;
  const tellFailures = ({ refused, reason }: BulkResult) => {
    if (refused > 0) toast({ title: t('candidates.refused', { count: refused, reason: reason ?? '' }), tone: 'bad' });
  };
  const restore = async (ids: readonly string[]) => {
    tellFailures(await restoreAll(ids));
    again();
  };
  const remove = async () => {
    setBusy(true);
    const result = await deleteAll(rows.map((row) => row.id));
    setBusy(false);
    clear();
    patch([], new Set(result.done));
    tellFailures(result);
    if (result.done.length > 0) {
      toast({
        title: t('candidates.deleted', { count: result.done.length }),
        tone: 'good',
        action: { label: t('candidates.undo'), onSelect: () => void restore(result.done) },
      });
    }
  };
  const takeBack = async () => {
    setBusy(true);
    await restore(rows.map((row) => row.id));
    setBusy(false);
    clear();
  };
  return (
    <div className={styles.bulk} role="toolbar" aria-label={t('candidates.selected', { count: rows.length })}>
      <strong>{t('candidates.selected', { count: rows.length })}</strong>
      {!isTrash && (
        <>
          <Button
            size="s"
            variant="secondary"
            icon={<GitCompareArrows size={15} aria-hidden />}
            disabled={rows.length < 2 || rows.length > MOST_COMPARED}
            title={rows.length > MOST_COMPARED ? t('candidates.compare_most', { count: MOST_COMPARED }) : undefined}
            onClick={() => void go({ to: '/p/$project/compare', params: { project }, search: { candidates: rows.map((row) => row.uuid).join() } })}
          >
            {t('candidates.compare')}
          </Button>
          {canWrite && (
            <>
              <Button size="s" variant="secondary" icon={<Tag size={15} aria-hidden />} onClick={() => setTagging(true)}>
                {t('candidates.tag')}
              </Button>
              <Button size="s" variant="danger" icon={<Trash2 size={15} aria-hidden />} busy={isBusy} onClick={() => void remove()}>
                {t('candidates.delete')}
              </Button>
            </>
          )}
        </>
      )}
      {isTrash && canWrite && (
        <Button size="s" variant="secondary" icon={<RotateCcw size={15} aria-hidden />} busy={isBusy} onClick={() => void takeBack()}>
          {t('candidates.restore')}
        </Button>
      )}
      <IconButton label={t('candidates.select_none')} icon={<X size={15} aria-hidden />} onClick={clear} />
      {isTagging && <TagDialog rows={rows} onClose={() => setTagging(false)} patch={patch} onResult={tellFailures} />}
    </div>
  );
}
