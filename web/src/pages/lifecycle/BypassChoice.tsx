import { useT } from '../../i18n';
import { Checkbox, Field, TextArea } from '../../ui';

interface Props {
  /** The reason; null while the rules hold. */
  readonly reason: string | null;
  readonly onReason: (reason: string | null) => void;
  readonly error: string | undefined;
}

/** Lets a version into a stage although rules fail, for a reason that is kept; for maintainers. */
export function BypassChoice({ reason, onReason, error }: Props) {
  const t = useT();
  return (
    <>
      <Checkbox checked={reason !== null} onChange={(checked) => onReason(checked ? '' : null)} label={t('lifecycle.bypass')} />
      {reason !== null && (
        <Field label={t('lifecycle.bypass_reason')} required error={error}>
          <TextArea value={reason} onChange={(event) => onReason(event.target.value)} rows={2} />
        </Field>
      )}
    </>
  );
}
