import { useNavigate } from '@tanstack/react-router';
import { Ellipsis } from 'lucide-react';
import { useState } from 'react';
import { useT } from '../../i18n';
import { Chip, Empty, IconButton, Menu, PageHeader, TextLink, toast } from '../../ui';
import { ExperimentDelete } from './ExperimentDelete';
import { ExperimentDialog } from './ExperimentDialog';
import { useRestore } from './useRestore';

interface Experiment {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly deletedAt: string | null;
  readonly viewerCanUpdate: boolean;
  readonly viewerCanDelete: boolean;
  readonly model: { readonly name: string } | null;
  readonly candidates: { readonly totalCount: number | null };
}

/** The head of an experiment's page. */
export function ExperimentHeader({ project, experiment, isUnknown }: { readonly project: string; readonly experiment: Experiment | null; readonly isUnknown: boolean }) {
  const t = useT();
  const go = useNavigate();
  const [open, setOpen] = useState<'rename' | 'delete' | null>(null);
  const restore = useRestore();
  const crumbs = [{ label: t('experiments.title'), link: { to: '/p/$project/experiments' as const, params: { project } } }];
  if (experiment === null) {
    return isUnknown ? <PageHeader title=" " crumbs={crumbs} /> : <Empty title={t('experiments.missing')}>{t('experiments.missing_text')}</Empty>;
  }
  const { id, name, number, model, deletedAt } = experiment;
  const copy = async () => {
    await navigator.clipboard.writeText(String(number));
    toast({ title: t('experiments.copied'), tone: 'good' });
  };
  return (
    <>
      <PageHeader
        title={name}
        crumbs={crumbs}
        chips={
          <>
            {deletedAt !== null && <Chip tone="bad">{t('experiments.in_trash')}</Chip>}
            {model !== null && (
              <TextLink to="/p/$project/models/$model" params={{ project, model: model.name }}>
                <Chip tone="accent">{t('experiments.of_model', { model: model.name })}</Chip>
              </TextLink>
            )}
          </>
        }
        actions={
          <Menu
            trigger={<IconButton label={t('experiments.actions')} icon={<Ellipsis size={16} aria-hidden />} />}
            items={[
              { label: t('experiments.copy_id'), onSelect: () => void copy() },
              ...(experiment.viewerCanUpdate && model === null && deletedAt === null ? [{ label: t('experiments.rename'), onSelect: () => setOpen('rename') }] : []),
              ...(experiment.viewerCanDelete && model === null && deletedAt === null ? [{ label: t('experiments.delete'), danger: true, onSelect: () => setOpen('delete') }] : []),
              ...(experiment.viewerCanDelete && deletedAt !== null ? [{ label: t('experiments.restore'), onSelect: () => void restore(id, name) }] : []),
            ]}
          />
        }
      />
      {open === 'rename' && <ExperimentDialog project={project} experiment={experiment} onClose={() => setOpen(null)} />}
      {open === 'delete' && (
        <ExperimentDelete
          experiment={experiment}
          onClose={() => setOpen(null)}
          onDone={() => void go({ to: '/p/$project/experiments', params: { project } })}
        />
      )}
    </>
  );
}
