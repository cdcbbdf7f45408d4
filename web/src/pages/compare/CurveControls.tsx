import { useT } from '../../i18n';
import { Checkbox } from '../../ui';
import type { CompareSearch } from '../../routes/compare';
import { Choice } from './Choice';
import type { Change } from './ComparePage';
import controls from './Controls.module.css';
import { MetricsChoice } from './MetricsChoice';
import { Slider } from './Slider';

interface CurveControlsProps {
  readonly metrics: readonly string[];
  readonly chosen: readonly string[];
  readonly most: number;
  readonly search: CompareSearch;
  readonly change: Change;
}

/** How all curves are drawn. */
export function CurveControls({ metrics, chosen, most, search, change }: CurveControlsProps) {
  const t = useT();
  const { axis = 'step', logx = false, logy = false, smooth = 0, outliers = 0 } = search;
  return (
    <div className={controls.controls}>
      <MetricsChoice
        label={t('compare.metrics')}
        items={metrics.map((key) => ({ value: key, label: key }))}
        chosen={chosen}
        most={most}
        onChange={(next) => change({ metrics: [...next] })}
      />
      <Choice
        label={t('compare.axis')}
        value={axis}
        items={(['step', 'time', 'relative'] as const).map((value) => ({ value, label: t(`compare.chart_axis_${value}`) }))}
        onChange={(value) => change({ axis: value === 'time' || value === 'relative' ? value : undefined, zoom: undefined })}
      />
      <Slider label={t('compare.smoothing')} value={smooth} max={0.99} step={0.01} onChange={(value) => change({ smooth: value || undefined })} />
      <Slider label={t('compare.outliers')} value={outliers} max={10} step={0.5} onChange={(value) => change({ outliers: value || undefined })} />
      <Checkbox label={t('compare.log_x')} checked={logx} disabled={axis === 'time'} onChange={(on) => change({ logx: on || undefined, zoom: undefined })} />
      <Checkbox label={t('compare.log_y')} checked={logy} onChange={(on) => change({ logy: on || undefined })} />
    </div>
  );
}
