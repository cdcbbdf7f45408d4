import { Problem } from '../../ui';
import type { Failure } from '../../api';
import styles from './forms.module.css';

interface Props {
  readonly sending: { readonly failure: Failure | null; readonly otherErrors: (fields: readonly string[]) => readonly string[] };
  /** The fields that show their reasons themselves. */
  readonly fields: readonly string[];
}

/** What a form was refused for beside its fields, or why there was no answer. */
export function FormProblems({ sending, fields }: Props) {
  const reasons = sending.otherErrors(fields);
  return (
    <>
      {sending.failure && <Problem failure={sending.failure} />}
      {reasons.length > 0 && (
        <div role="alert" className={styles.refused}>
          {reasons.map((reason) => (
            <p key={reason}>{reason}</p>
          ))}
        </div>
      )}
    </>
  );
}
