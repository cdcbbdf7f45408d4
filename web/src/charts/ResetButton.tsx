import { useT } from '../i18n';
import frame from './ChartFrame.module.css';

/** Shows all of a chart again. */
export function ResetButton({ onClick }: { readonly onClick: () => void }) {
  const t = useT();
  return (
    <button type="button" className={frame.button} onClick={onClick}>
      {t('compare.chart_reset')}
    </button>
  );
}
