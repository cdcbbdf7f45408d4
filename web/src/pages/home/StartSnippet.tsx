import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { useSending } from '../../api';
import { TokenCreateDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Snippet } from '../../ui';
import { startSnippets, type Start } from './start_snippets';
import styles from './StartSnippet.module.css';

/** For how long a token lives that was made by the button. */
const TOKEN_DAYS = 90;
const DAY_MILLISECONDS = 86_400_000;

/** Snippets to begin with, with this installation's address, and a button that makes a token and puts it in. */
export function StartSnippet({ project }: { readonly project: Start['project'] }) {
  const t = useT();
  const [token, setToken] = useState<string | null>(null);
  const { send, isBusy, errors, failure } = useSending(TokenCreateDocument, ['AccountTokens']);

  async function make(): Promise<void> {
    const expiresAt = new Date(Date.now() + TOKEN_DAYS * DAY_MILLISECONDS).toISOString();
    const name = t('home.token_name', { project: project.fullPath }).slice(0, 100);
    const answer = await send({ input: { name, scopes: ['API'], expiresAt } });
    setToken(answer?.tokenCreate.secret ?? null);
  }

  return (
    <div className={styles.box}>
      <Snippet tabs={startSnippets({ url: window.location.origin, project, token })} />
      <div className={styles.token}>
        <Button icon={<KeyRound />} busy={isBusy} disabled={token !== null} onClick={() => void make()}>
          {t('home.make_token')}
        </Button>
        <span role="status">{t(token === null ? 'home.make_token_more' : 'home.token_made', { days: TOKEN_DAYS })}</span>
      </div>
      {(failure ?? errors[0]) && <p role="alert">{failure?.message ?? errors[0]?.message}</p>}
    </div>
  );
}
