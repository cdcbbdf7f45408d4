import { useState } from 'react';
import { downloadTable } from '../../charts';
import { useT } from '../../i18n';
import type { Comparison } from './comparison';
import controls from './Controls.module.css';
import { comparisonTable } from './values';

/** The comparison as a file, and its address. */
export function CompareTools({ comparison }: { readonly comparison: Comparison }) {
  const t = useT();
  const [isCopied, setCopied] = useState(false);
  const save = () => {
    const words = {
      kind: t('compare.kind'),
      key: t('compare.key'),
      info: t('compare.group_info'),
      param: t('compare.group_param'),
      metric: t('compare.group_metric'),
      tag: t('compare.group_tag'),
    };
    downloadTable(comparisonTable(comparison, words), t('compare.file_name'));
  };
  const copy = async () => {
    await navigator.clipboard.writeText(location.href);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <div className={controls.controls}>
      <button type="button" className={controls.button} onClick={() => void copy()}>
        {t(isCopied ? 'compare.copied' : 'compare.copy_address')}
      </button>
      <button type="button" className={controls.button} onClick={save}>
        {t('compare.csv')}
      </button>
    </div>
  );
}
