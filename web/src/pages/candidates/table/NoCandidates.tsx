import { useT } from '../../../i18n';
import { Button, Empty, Snippet } from '../../../ui';
import { trackingSnippets } from '../../experiments/snippets';
import { TokenLink } from '../../models/TokenLink';

interface Props {
  readonly project: string;
  readonly isFiltered: boolean;
  readonly isTrash: boolean;
  readonly clear: () => void;
}

/** Instead of rows: why there are none, and how there will be some. */
export function NoCandidates({ project, isFiltered, isTrash, clear }: Props) {
  const t = useT();
  if (isFiltered || isTrash) {
    return (
      <Empty title={t(isTrash ? 'candidates.none_deleted' : 'candidates.none_match')} action={<Button onClick={clear}>{t('candidates.show_all')}</Button>}>
        {null}
      </Empty>
    );
  }
  return (
    <Empty title={t('candidates.none')} action={<TokenLink />} snippet={<Snippet tabs={trackingSnippets(project)} />}>
      {t('candidates.none_text')}
    </Empty>
  );
}
