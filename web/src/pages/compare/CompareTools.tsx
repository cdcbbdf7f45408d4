import { Download } from 'lucide-react';
import { downloadTable } from '../../charts';
import { useT } from '../../i18n';
import { Button, CopyButton } from '../../ui';
import type { Comparison } from './comparison';
import { comparisonTable } from './values';

/** The comparison as a file, and its address. */
export function CompareTools({ comparison }: { readonly comparison: Comparison }) {
  const t = useT();
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
  return (
    <>
      <CopyButton text={location.href} label={t('compare.copy_address')} withText size="m" variant="secondary" />
      <Button icon={<Download />} onClick={save}>
        {t('compare.csv')}
      </Button>
    </>
  );
}
