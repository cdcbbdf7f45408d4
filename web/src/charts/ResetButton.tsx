import { ZoomOut } from 'lucide-react';
import { useT } from '../i18n';
import { Button } from '../ui';

/** Shows all of a chart again. */
export function ResetButton({ onClick }: { readonly onClick: () => void }) {
  const t = useT();
  return (
    <Button size="s" variant="quiet" icon={<ZoomOut />} onClick={onClick}>
      {t('compare.chart_reset')}
    </Button>
  );
}
