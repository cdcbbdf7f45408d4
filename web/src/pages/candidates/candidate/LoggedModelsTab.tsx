import { useT } from '../../../i18n';
import { Digest, Empty, Section, StatusChip, Table, Time } from '../../../ui';
import type { CandidateDetails } from './types';

type LoggedModel = CandidateDetails['loggedModels']['nodes'][number];

/** The logged models that a candidate made, and those that it read. */
export function LoggedModelsTab({ candidate: { loggedModels, loggedModelInputs } }: { readonly candidate: CandidateDetails }) {
  const t = useT();
  const read = loggedModelInputs.flatMap(({ loggedModel }) => (loggedModel === null ? [] : [loggedModel]));
  return (
    <>
      <Models title={t('candidates.models_made')} rows={loggedModels.nodes} />
      {read.length > 0 && <Models title={t('candidates.models_read')} rows={read} />}
    </>
  );
}

function Models({ title, rows }: { readonly title: string; readonly rows: readonly LoggedModel[] }) {
  const t = useT();
  return (
    <Section title={title}>
      <Table
        caption={title}
        rows={rows}
        rowKey={({ id }) => id}
        empty={<Empty title={t('candidates.no_models')} />}
        columns={[
          { id: 'name', header: t('candidates.attribute.name'), cell: ({ name }) => name },
          { id: 'type', header: t('candidates.model_type'), cell: ({ modelType }) => modelType },
          { id: 'status', header: t('candidates.attribute.status'), cell: ({ status }) => <StatusChip status={status} /> },
          { id: 'created', header: t('candidates.attribute.created'), hideOnPhone: true, cell: ({ createdAt }) => <Time at={createdAt} /> },
          { id: 'uuid', header: t('candidates.attribute.uuid'), hideOnPhone: true, cell: ({ uuid }) => <Digest value={uuid} /> },
        ]}
      />
    </Section>
  );
}
