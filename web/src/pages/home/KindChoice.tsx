import { useNavigate } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { HIT_KINDS } from '../../routes/home';
import { Segmented } from '../../ui';
import type { HitKind } from './hits';

/** Of which kind the results are to be. */
export function KindChoice({ kind }: { readonly kind: HitKind | undefined }) {
  const t = useT();
  const navigate = useNavigate({ from: '/-/search' });
  return (
    <Segmented
      items={[
        { value: 'any', label: t('home.kind_any') },
        ...HIT_KINDS.map((one) => ({ value: one, label: t(`home.kinds_${one}`) })),
      ]}
      value={kind ?? 'any'}
      onChange={(value) => {
        const chosen = HIT_KINDS.find((one) => one === value);
        void navigate({ search: (old) => ({ ...old, kind: chosen }), replace: true });
      }}
    />
  );
}
