import { ExperimentDeleteDocument } from '../../api/operations';
import { useSending } from '../../api';
import { useT } from '../../i18n';
import { ConfirmDialog, toast } from '../../ui';
import { useRestore } from './useRestore';

interface Props {
  readonly experiment: { readonly id: string; readonly name: string; readonly candidates: { readonly totalCount: number | null } };
  readonly onClose: () => void;
  readonly onDone?: () => void;
}

/** Put an experiment into the trash, after saying what goes with it. */
export function ExperimentDelete({ experiment: { id, name, candidates }, onClose, onDone }: Props) {
  const t = useT();
  const restore = useRestore();
  const { send, isBusy, errors, failure } = useSending(ExperimentDeleteDocument);
  const remove = async () => {
    if ((await send({ input: { experiment: { id } } })) === null) return;
    onClose();
    onDone?.();
    toast({ title: t('experiments.deleted', { name }), tone: 'good', action: { label: t('candidates.undo'), onSelect: () => void restore(id, name) } });
  };
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => void remove()}
      title={t('experiments.delete_title', { name })}
      confirmLabel={t('experiments.delete')}
      busy={isBusy}
      problem={errors[0]?.message ?? failure?.message}
    >
      {t('experiments.delete_text', { count: candidates.totalCount ?? 0 })}
    </ConfirmDialog>
  );
}
