import { useMemo } from 'react';
import { useT } from '../../i18n';
import type { CompareSearch } from '../../routes/compare';
import { BoxTab } from './BoxTab';
import type { Comparison } from './comparison';
import type { Change } from './ComparePage';
import { ContourTab } from './ContourTab';
import { fieldsOf, type Field } from './fields';
import { ParallelTab } from './ParallelTab';
import { ScatterTab } from './ScatterTab';

/** What the charts of values get. */
export interface FieldsTabProps {
  readonly comparison: Comparison;
  readonly fields: readonly Field[];
  readonly search: CompareSearch;
  readonly change: Change;
}

const TABS = { scatter: ScatterTab, parallel: ParallelTab, contour: ContourTab, box: BoxTab };

/** The charts that are drawn of params and last values of metrics. */
export function FieldsTab({ tab, comparison, search, change }: Omit<FieldsTabProps, 'fields'> & { readonly tab: keyof typeof TABS }) {
  const t = useT();
  const fields = useMemo(() => fieldsOf(comparison, t('compare.duration')), [comparison, t]);
  const Shown = TABS[tab];
  return <Shown comparison={comparison} fields={fields} search={search} change={change} />;
}
