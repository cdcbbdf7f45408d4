import { useNavigate } from '@tanstack/react-router';
import { Copy, Ellipsis, Pencil, Trash2, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../i18n';
import { IconButton, Menu } from '../../ui';
import { RollbackDialog } from '../lifecycle/RollbackDialog';
import { copied } from './copied';
import { DeleteModelDialog } from './DeleteModelDialog';
import type { ShownModel } from './ModelTab';
import { trackingUri } from './snippets';

/** What can be done with a model, beside making a version. */
export function ModelMenu({ project, model }: { readonly project: string; readonly model: ShownModel }) {
  const t = useT();
  const navigate = useNavigate();
  const [isDeleting, setIsDeleting] = useState(false);
  const [isRollingBack, setIsRollingBack] = useState(false);
  const number = model.project?.number;
  return (
    <>
      <Menu
        trigger={<IconButton icon={<Ellipsis />} label={t('models.more')} />}
        items={[
          ...(number === undefined
            ? []
            : [{ label: t('models.copy_tracking_uri'), icon: <Copy />, onSelect: () => copied(t, trackingUri(number)) }]),
          { label: t('models.copy_uri'), icon: <Copy />, onSelect: () => copied(t, `models:/${model.name}/latest`) },
          ...(model.viewerCanUpdate
            ? [
                {
                  label: t('models.edit'),
                  icon: <Pencil />,
                  onSelect: () => void navigate({ to: '/p/$project/models/$model/edit', params: { project, model: model.name } }),
                },
                { label: t('lifecycle.roll_back'), icon: <Undo2 />, onSelect: () => setIsRollingBack(true) },
              ]
            : []),
          ...(model.viewerCanDelete
            ? ['separator' as const, { label: t('models.delete'), icon: <Trash2 />, danger: true, onSelect: () => setIsDeleting(true) }]
            : []),
        ]}
      />
      {isRollingBack && (
        <RollbackDialog project={project} model={model} onClose={() => setIsRollingBack(false)} />
      )}
      {isDeleting && (
        <DeleteModelDialog
          model={model}
          onClose={() => setIsDeleting(false)}
          onDeleted={() => void navigate({ to: '/p/$project/models', params: { project } })}
        />
      )}
    </>
  );
}
