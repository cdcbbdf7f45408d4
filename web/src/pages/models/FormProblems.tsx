import type { Sending } from '../../api';
import { Problem } from '../../ui';
import styles from './models.module.css';

/** At the foot of a form: why it was refused, where that is about none of its fields, or did not arrive. */
export function FormProblems({
  sending,
  fields,
}: {
  readonly sending: Pick<Sending<object, unknown>, 'otherErrors' | 'failure'>;
  readonly fields: readonly string[];
}) {
  const others = sending.otherErrors(fields);
  return (
    <>
      {others.length > 0 && (
        <ul className={styles.problems} role="alert">
          {others.map((message) => (
            <li key={message}>{message}</li>
          ))}
        </ul>
      )}
      {sending.failure && <Problem failure={sending.failure} />}
    </>
  );
}
