import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { query } from '../../api';
import { VersionCheckDocument, type NextVersionsQuery } from '../../api/operations';
import { useT } from '../../i18n';
import { Field, RadioCards, TextInput } from '../../ui';
import { useSettled } from './settled';
import styles from './versions.module.css';

const STEPS = ['patch', 'minor', 'major', 'prerelease'] as const;

/** The number of a new version: checked by the server as it is typed, with the next one of each kind of step. */
export function SemVerField({
  project,
  model,
  next,
  value,
  onChange,
  error,
}: {
  readonly project: string;
  readonly model: string;
  readonly next: NextVersionsQuery;
  readonly value: string;
  readonly onChange: (version: string) => void;
  readonly error: string | undefined;
}) {
  const t = useT();
  const typed = value.trim();
  const settled = useSettled(typed);
  const check = useQuery({
    ...query(VersionCheckDocument, {
      input: { project: { path: project }, modelName: model, version: settled === '' ? null : settled },
    }),
    placeholderData: keepPreviousData,
  });
  const isCurrent = settled === typed && !check.isPlaceholderData;
  const refusal = check.data?.modelVersionCheck?.userErrors[0]?.message;
  const free = check.data?.modelVersionCheck?.version;
  const items = STEPS.flatMap((step) => {
    const version = next[step]?.version;
    return version ? [{ step, version }] : [];
  });
  return (
    <div className={styles.semver}>
      <Field
        label={t('versions.version')}
        hint={
          <span aria-live="polite">
            {!isCurrent ? t('versions.checking') : free ? t('versions.is_free', { version: free }) : t('versions.version_hint')}
          </span>
        }
        error={error ?? (isCurrent ? refusal : undefined)}
      >
        <TextInput
          value={value}
          onChange={(event) => onChange(event.target.value)}
          placeholder={next.patch?.version ?? '1.0.0'}
          spellCheck={false}
          autoComplete="off"
          maxLength={255}
        />
      </Field>
      {items.length > 0 && (
        <RadioCards
          aria-label={t('versions.steps')}
          value={items.find(({ version }) => version === typed)?.step ?? null}
          onChange={(step) => onChange(items.find((item) => item.step === step)?.version ?? '')}
          items={items.map(({ step, version }) => ({
            value: step,
            label: `${t(`versions.step_${step}`)}: ${version}`,
            hint: t(`versions.step_${step}_means`),
          }))}
        />
      )}
    </div>
  );
}
