import type { PromotionRequestStatus } from '../../api/operations';
import { useT } from '../../i18n';
import { Chip } from '../../ui';

const TONES = {
  OPEN: 'info',
  PROMOTED: 'good',
  REJECTED: 'bad',
  WITHDRAWN: 'neutral',
  EXPIRED: 'neutral',
} as const satisfies Record<PromotionRequestStatus, string>;

export function RequestStatusChip({ status }: { readonly status: PromotionRequestStatus }) {
  const t = useT();
  return <Chip tone={TONES[status]}>{t(`lifecycle.request_${status}`)}</Chip>;
}
