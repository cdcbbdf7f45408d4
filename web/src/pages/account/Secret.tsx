import { useT } from '../../i18n';
import { Button, CopyButton } from '../../ui';
import styles from './AccountPage.module.css';

interface Props {
  /** What it is, such as that it is shown this once. */
  readonly title: string;
  readonly text: string;
  readonly onDone: () => void;
}

/** A secret, shown once: a token, or a link that works once. */
export function Secret({ title, text, onDone }: Props) {
  const t = useT();
  return (
    <div className={styles.secret} role="status">
      <p>
        <strong>{title}</strong>
      </p>
      <div className={styles.secretLine}>
        <code className={styles.secretText} data-secret>
          {text}
        </code>
        <CopyButton text={text} label={t('account.copy')} />
      </div>
      <div>
        <Button size="s" onClick={onDone}>
          {t('account.done')}
        </Button>
      </div>
    </div>
  );
}
