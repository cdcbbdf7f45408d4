import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { query, type DataOf } from '../../api';
import { StagesDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Button, Chip, Loaded, PageHeader, Section, Table, type Column } from '../../ui';
import { RouteMissing } from '../../shell/RouteMissing';
import { GatesEditor } from './GatesEditor';
import { Protections } from './Protections';
import { StageDialog } from './StageDialog';

const FROM = '/p/$project/stages';

/** What the page of stages shows. */
export type StagesData = DataOf<typeof StagesDocument>;
export type Stage = NonNullable<StagesData['project']>['stages'][number];

/** The stages of a project, their gates, and who may move what. */
export function StagesPage() {
  const { project } = useParams({ from: FROM });
  const stages = useQuery(query(StagesDocument, { project }));
  return <Loaded query={stages}>{(data) => <Stages project={project} data={data} />}</Loaded>;
}

function Stages({ project, data }: { readonly project: string; readonly data: StagesData }) {
  const t = useT();
  const search = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const [edited, setEdited] = useState<Stage | 'new' | null>(null);
  if (!data.project) return <RouteMissing />;
  const stages = data.project.stages.filter(({ retiredAt }) => !retiredAt);
  const chosen = stages.find(({ name }) => name === search.stage);
  const mayEdit = stages.some(({ viewerCanUpdate }) => viewerCanUpdate);

  const columns: readonly Column<Stage>[] = [
    { id: 'position', header: '#', cell: (stage) => stage.position, align: 'end', width: 48 },
    {
      id: 'name',
      header: t('lifecycle.stage'),
      cell: (stage) => (
        <>
          <strong>{stage.name}</strong> {stage.description}
        </>
      ),
    },
    {
      id: 'marks',
      header: t('lifecycle.rules'),
      cell: (stage) => (
        <>
          {stage.isInitial && <Chip tone="neutral">{t('lifecycle.initial')}</Chip>}{' '}
          {stage.isGuarded && <Chip tone="info">{t('lifecycle.guarded')}</Chip>}{' '}
          {stage.isSealing && <Chip tone="accent">{t('lifecycle.sealing')}</Chip>}
        </>
      ),
    },
    { id: 'mlflow', header: 'MLflow', cell: (stage) => stage.mlflowName ?? '—', hideOnPhone: true },
    {
      id: 'gates',
      header: t('lifecycle.gates'),
      cell: (stage) =>
        stage.isGuarded ? (
          <Button size="s" variant="secondary" onClick={() => void navigate({ search: { stage: stage.name } })}>
            {t('lifecycle.gates_of', { count: stage.gateSet?.gates.length ?? 0 })}
          </Button>
        ) : (
          '–'
        ),
    },
    {
      id: 'edit',
      header: '',
      cell: (stage) =>
        stage.viewerCanUpdate && (
          <Button size="s" variant="quiet" onClick={() => setEdited(stage)}>
            {t('lifecycle.edit')}
          </Button>
        ),
    },
  ];

  return (
    <>
      <PageHeader
        title={t('lifecycle.stages')}
        description={t('lifecycle.stages_about')}
        actions={mayEdit && <Button onClick={() => setEdited('new')}>{t('lifecycle.new_stage')}</Button>}
      />
      <Table caption={t('lifecycle.stages')} columns={columns} rows={stages} rowKey={(stage) => stage.id} />
      {chosen && (
        <Section
          title={t('lifecycle.gates_title', { stage: chosen.name })}
          actions={
            <Button size="s" variant="quiet" onClick={() => void navigate({ search: {} })}>
              {t('lifecycle.close')}
            </Button>
          }
        >
          {/* Another stage, or a set that another person has replaced, begins with what is in force. */}
          <GatesEditor
            key={`${chosen.id} ${chosen.gateSet?.number ?? 0}`}
            project={project}
            stage={chosen}
            kinds={data.gateKinds}
          />
        </Section>
      )}
      <Section title={t('lifecycle.protections')}>
        <Protections project={project} protections={data.project.protections} mayEdit={mayEdit} />
      </Section>
      {edited !== null && (
        <StageDialog project={project} stage={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />
      )}
    </>
  );
}
