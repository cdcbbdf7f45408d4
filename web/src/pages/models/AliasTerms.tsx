import { asFailure, usePages } from '../../api';
import { AliasHistoryDocument, type AliasHistoryQuery } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Problem, Skeleton, Table, Time } from '../../ui';
import { VersionLink } from './VersionLink';

type Term = NonNullable<AliasHistoryQuery['model']>['aliasHistory']['nodes'][number];

/** Which versions an alias pointed to, and when. */
export function AliasTerms({ project, model, name }: { readonly project: string; readonly model: string; readonly name: string }) {
  const t = useT();
  const history = usePages(AliasHistoryDocument, { project, model, name }, (data) => data.model?.aliasHistory);
  if (history.query.isError) return <Problem failure={asFailure(history.query.error)} onRetry={() => void history.query.refetch()} />;
  if (history.first === undefined) return <Skeleton rows={5} />;
  return (
    <>
      <Table<Term>
        caption={t('models.history_of_alias', { name })}
        rows={history.rows}
        rowKey={({ setAt }) => setAt}
        empty={t('models.nothing_happened')}
        columns={[
          { id: 'version', header: t('versions.version'), cell: ({ version }) => <VersionLink project={project} model={model} version={version} /> },
          { id: 'from', header: t('models.set'), cell: ({ setAt, setByName }) => <><Time at={setAt} withTime /> {setByName}</> },
          {
            id: 'until',
            header: t('models.ended'),
            cell: ({ endedAt, endedByName }) => (endedAt ? <><Time at={endedAt} withTime /> {endedByName}</> : t('models.until_now')),
          },
          { id: 'why', header: t('models.reason'), cell: ({ setReason, endReason }) => [setReason, endReason].filter(Boolean).join(' → ') },
        ]}
      />
      {history.query.hasNextPage && <Button onClick={history.more}>{t('models.show_more')}</Button>}
    </>
  );
}
