import { Building2, Globe, Lock } from 'lucide-react';
import type { Visibility } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip } from '../../ui';

const ICONS = { PRIVATE: Lock, INTERNAL: Building2, PUBLIC: Globe } as const;

/** Who may know of a group or project. */
export function VisibilityChip({ visibility }: { readonly visibility: Visibility }) {
  const t = useT();
  const Icon = ICONS[visibility];
  return (
    <Chip tone="neutral" icon={<Icon />} title={t(`namespaces.visibility_${visibility}_more`)}>
      {t(`namespaces.visibility_${visibility}`)}
    </Chip>
  );
}
