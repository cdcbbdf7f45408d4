import type { Visibility } from '../../api/operations';
import { useT } from '../../i18n';
import { Field, RadioCards } from '../../ui';

const LEVELS = ['PRIVATE', 'INTERNAL', 'PUBLIC'] as const satisfies readonly Visibility[];

interface Props {
  readonly value: Visibility;
  readonly onChange: (value: Visibility) => void;
  readonly error?: string | undefined;
}

/** Who may know of a group or project, to choose. */
export function VisibilityChoice({ value, onChange, error }: Props) {
  const t = useT();
  return (
    <Field label={t('namespaces.visibility')} error={error}>
      <RadioCards
        items={LEVELS.map((level) => ({
          value: level,
          label: t(`namespaces.visibility_${level}`),
          hint: t(`namespaces.visibility_${level}_more`),
        }))}
        value={value}
        onChange={(chosen) => onChange(LEVELS.find((level) => level === chosen) ?? 'PRIVATE')}
      />
    </Field>
  );
}
