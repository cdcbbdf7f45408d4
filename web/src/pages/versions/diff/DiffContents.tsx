import { realNumber } from '../../../charts';
import { useT } from '../../../i18n';
import { Count, Empty, formatMetric, Section } from '../../../ui';
import { ChangesTable, type ShownChange } from './ChangesTable';
import { DiffFiles } from './DiffFiles';
import type { ShownDiff } from './DiffVerdict';

/** The parts of a diff that have differences. */
export function DiffContents({ diff }: { readonly diff: ShownDiff }) {
  const t = useT();
  const signature = diff.signature.map(
    ({ side, kind, name, before, after, isBreaking }): ShownChange => ({
      name: `${side}: ${name}`,
      before,
      after,
      note: isBreaking ? t('versions.breaking') : kind,
    }),
  );
  const metrics = (diff.metrics ?? []).map(
    ({ key, values: [before, after] }): ShownChange => ({
      name: key,
      before: before ? formatMetric(realNumber(before.value)) : null,
      after: after ? formatMetric(realNumber(after.value)) : null,
    }),
  );
  const params = (diff.params ?? []).map(
    ({ key, values: [before, after] }): ShownChange => ({ name: key, before: before ?? null, after: after ?? null }),
  );
  const parts = [
    { title: t('versions.signature'), changes: signature },
    { title: t('versions.requirements'), changes: diff.requirements },
    { title: t('versions.params'), changes: params },
    { title: t('versions.tab_metrics'), changes: metrics },
    { title: t('versions.tensors'), changes: diff.tensors.changes },
  ].filter(({ changes }) => changes.length > 0);
  const { before, after } = diff.tensors;
  const isSame = parts.length === 0 && diff.files.changes.length === 0;
  return (
    <>
      {isSame && <Empty title={t('versions.no_differences')}>{t('versions.no_differences_hint')}</Empty>}
      <DiffFiles files={diff.files} />
      {parts.map(({ title, changes }) => (
        <Section key={title} title={title}>
          <ChangesTable caption={title} changes={changes} />
        </Section>
      ))}
      {(before.tensorCount > 0 || after.tensorCount > 0) && (
        <Section title={t('versions.weights')}>
          <p>
            {t('versions.parameters')} <Count value={before.parameterCount} /> → <Count value={after.parameterCount} />.{' '}
            {!diff.tensors.isWhole && t('versions.tensors_cut')}
          </p>
        </Section>
      )}
    </>
  );
}
