import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { change, query, useSending } from '../../api';
import { ModelBelongingsDocument, ModelDeleteDocument, ModelRestoreDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { ConfirmDialog, Loaded, toast } from '../../ui';
import { Belongings } from './Belongings';
import { useRefresh } from './refresh';

/** What has to be known of a model to delete it. */
export interface Deletable {
  readonly id: string;
  readonly name: string;
  readonly deletedAt: string | null;
}

/** Delete a model, after its name was typed; one in the trash is deleted for good. */
export function DeleteModelDialog({
  model,
  onClose,
  onDeleted,
}: {
  readonly model: Deletable;
  readonly onClose: () => void;
  readonly onDeleted?: () => void;
}) {
  const t = useT();
  const refresh = useRefresh(['Models', 'ModelHead']);
  const isFinal = model.deletedAt !== null;
  const [isOpen, setIsOpen] = useState(true);
  const belongings = useQuery({ ...query(ModelBelongingsDocument, { id: model.id }), enabled: !isFinal });
  const sending = useSending(ModelDeleteDocument, onDeleted ? [] : ['Models']);
  const restore = async () => {
    try {
      await change(ModelRestoreDocument, { input: { model: { id: model.id } } });
      refresh();
    } catch (error) {
      toast({ title: String(error instanceof Error ? error.message : error), tone: 'bad' });
    }
  };
  const remove = async () => {
    const done = await sending.send({ input: { model: { id: model.id }, permanently: isFinal } });
    if (!done) return;
    setIsOpen(false);
    toast(
      isFinal
        ? { title: t('models.purged', { name: model.name }), tone: 'good' }
        : {
            title: t('models.was_deleted', { name: model.name }),
            tone: 'good',
            action: { label: t('models.undo'), onSelect: () => void restore() },
          },
    );
    onDeleted?.();
    onClose();
  };
  return (
    <ConfirmDialog
      open={isOpen}
      onClose={onClose}
      onConfirm={() => void remove()}
      title={isFinal ? t('models.purge_title', { name: model.name }) : t('models.delete_title', { name: model.name })}
      confirmLabel={isFinal ? t('models.purge_now') : t('models.delete')}
      typed={model.name}
      busy={sending.isBusy}
      problem={sending.errors[0]?.message ?? sending.failure?.message}
    >
      {isFinal ? (
        <p>{t('models.purge_explained')}</p>
      ) : (
        <Loaded query={belongings}>{(data) => data.model && <Belongings of={data.model} />}</Loaded>
      )}
    </ConfirmDialog>
  );
}
