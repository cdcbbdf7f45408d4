import { KeyRound } from 'lucide-react';
import { useT } from '../../i18n';
import { ButtonLink } from '../../ui';

/** To the form for a token, which programs need. */
export function TokenLink() {
  const t = useT();
  return (
    <ButtonLink to="/-/account" search={{ tab: 'tokens', new: true }} icon={<KeyRound />}>
      {t('models.new_token')}
    </ButtonLink>
  );
}
