import { FolderPlus, LogIn } from 'lucide-react';
import { useT } from '../../i18n';
import { Button, Card } from '../../ui';
import styles from './Welcome.module.css';

interface Props {
  readonly isVisitor: boolean;
  readonly onNew: () => void;
}

/** For those who are a member of nothing yet: what this is, and the first step. */
export function Welcome({ isVisitor, onNew }: Props) {
  const t = useT();
  return (
    <Card>
      <div className={styles.welcome}>
        <h2 className={styles.title}>{t('home.welcome')}</h2>
        <p>{t(isVisitor ? 'home.welcome_visitor' : 'home.welcome_more')}</p>
        {isVisitor ? (
          <a className={styles.link} href="/sign-in?return_to=%2F">
            <LogIn aria-hidden="true" /> {t('shell.sign_in')}
          </a>
        ) : (
          <ol className={styles.steps}>
            <li>{t('home.welcome_step_project')}</li>
            <li>{t('home.welcome_step_snippet')}</li>
            <li>{t('home.welcome_step_token')}</li>
          </ol>
        )}
        {!isVisitor && (
          <Button variant="primary" icon={<FolderPlus />} onClick={onNew}>
            {t('home.new_project')}
          </Button>
        )}
      </div>
    </Card>
  );
}
