import type { Role } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip } from '../../ui';

/** The viewer's role in a group or project. */
export function RoleChip({ role }: { readonly role: Role }) {
  const t = useT();
  return (
    <Chip tone="info" title={t('namespaces.your_role')}>
      {t(`namespaces.role_${role}`)}
    </Chip>
  );
}
