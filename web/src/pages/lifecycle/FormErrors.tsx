import type { Sending } from '../../api';
import styles from './FormErrors.module.css';

interface Props {
  readonly sending: Pick<Sending<object, never>, 'otherErrors' | 'failure'>;
  /** Fields that show their errors themselves. */
  readonly shown: readonly string[];
}

/** What the server says about a form as a whole. */
export function FormErrors({ sending, shown }: Props) {
  const messages = [...sending.otherErrors(shown), ...(sending.failure ? [sending.failure.message] : [])];
  if (messages.length === 0) return null;
  return (
    <div role="alert" className={styles.errors}>
      {messages.map((message) => (
        <p key={message}>{message.replaceAll('`', '')}</p>
      ))}
    </div>
  );
}
