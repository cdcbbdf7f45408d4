import { useQueryClient } from '@tanstack/react-query';
import { Box, Ellipsis } from 'lucide-react';
import { useState } from 'react';
import { asFailure, change } from '../../../api';
import { CandidateDeleteDocument, CandidateRestoreDocument } from '../../../api/operations';
import { useT } from '../../../i18n';
import { CANDIDATE_TABS } from '../../../routes/candidates';
import { Button, Chip, IconButton, Menu, PageHeader, StatusChip, Tabs, toast } from '../../../ui';
import { useCurrent } from '../../../shell/current';
import { EditDialog } from './EditDialog';
import { RegisterDialog } from './RegisterDialog';
import { SYSTEM_PREFIX, type CandidateDetails, type TabName } from './types';

interface Props {
  readonly project: string;
  readonly candidate: CandidateDetails;
  readonly tab: TabName;
  readonly onTab: (tab: TabName) => void;
}

/** What is in each tab; null: it is not counted. */
function counts({ metrics, params, tags, datasets, loggedModels, loggedModelInputs, children, ciJobs }: CandidateDetails): Readonly<Record<TabName, number | null>> {
  const system = metrics.filter(({ key }) => key.startsWith(SYSTEM_PREFIX)).length;
  return {
    overview: null,
    metrics: metrics.length - system,
    params: params.length + tags.length,
    artifacts: null,
    system,
    datasets: datasets.length,
    models: (loggedModels.totalCount ?? 0) + loggedModelInputs.length,
    children: children.totalCount ?? 0,
    ci: ciJobs.length,
  };
}

/** Tabs that are always there; others only with something in them, or chosen. */
const ALWAYS: readonly TabName[] = ['overview', 'metrics', 'params', 'artifacts'];

/** The head of a candidate's page: its name, what can be done with it, its tabs. */
export function CandidateHeader({ project, candidate, tab, onTab }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const mayRegister = useCurrent().project?.viewerCanWriteRegistry ?? false;
  const [open, setOpen] = useState<'edit' | 'register' | null>(null);
  const { id, name, uuid, experiment, deletedAt, viewerCanUpdate, viewerCanDelete } = candidate;
  const act = async (work: () => Promise<unknown>, done: () => void) => {
    try {
      await work();
      done();
    } catch (error) {
      toast({ title: asFailure(error).message, tone: 'bad' });
    }
    await queries.invalidateQueries();
  };
  const input = { candidate: { id } };
  const restore = () => act(() => change(CandidateRestoreDocument, { input }), () => toast({ title: t('candidates.restored', { name }), tone: 'good' }));
  const remove = () =>
    act(
      () => change(CandidateDeleteDocument, { input }),
      () => toast({ title: t('candidates.deleted_one', { name }), tone: 'good', action: { label: t('candidates.undo'), onSelect: () => void restore() } }),
    );
  const copy = async () => {
    await navigator.clipboard.writeText(uuid);
    toast({ title: t('candidates.copied'), tone: 'good' });
  };
  const number = counts(candidate);
  return (
    <>
      <PageHeader
        title={name}
        crumbs={[
          { label: t('experiments.title'), link: { to: '/p/$project/experiments', params: { project } } },
          ...(experiment === null ? [] : [{ label: experiment.name, link: { to: '/p/$project/experiments/$number' as const, params: { project, number: String(experiment.number) } } }]),
        ]}
        chips={
          <>
            <StatusChip status={candidate.status} />
            {deletedAt !== null && <Chip tone="bad">{t('candidates.in_trash')}</Chip>}
          </>
        }
        actions={
          <>
            {deletedAt === null && mayRegister && (
              <Button variant="primary" icon={<Box size={15} aria-hidden />} onClick={() => setOpen('register')}>
                {t('candidates.register')}
              </Button>
            )}
            <Menu
              trigger={<IconButton label={t('candidates.actions')} icon={<Ellipsis size={16} aria-hidden />} />}
              items={[
                { label: t('candidates.copy_id'), onSelect: () => void copy() },
                ...(viewerCanUpdate && deletedAt === null ? [{ label: t('candidates.edit'), onSelect: () => setOpen('edit') }] : []),
                ...(viewerCanDelete && deletedAt === null ? [{ label: t('candidates.delete'), danger: true, onSelect: () => void remove() }] : []),
                ...(viewerCanDelete && deletedAt !== null ? [{ label: t('candidates.restore'), onSelect: () => void restore() }] : []),
              ]}
            />
          </>
        }
        tabs={
          <Tabs
            value={tab}
            onChange={onTab}
            items={CANDIDATE_TABS.filter((one) => ALWAYS.includes(one) || one === tab || (number[one] ?? 0) > 0).map((one) => ({
              value: one,
              label: t(`candidates.tab.${one}`),
              ...(number[one] === null ? {} : { count: number[one] }),
            }))}
          />
        }
      />
      {open === 'edit' && <EditDialog candidate={candidate} onClose={() => setOpen(null)} />}
      {open === 'register' && <RegisterDialog project={project} candidate={candidate} onClose={() => setOpen(null)} />}
    </>
  );
}
