import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { query } from '../../../api';
import { CandidateModelChoicesDocument } from '../../../api/operations';
import { useT } from '../../../i18n';
import { Button, ButtonLink, Combobox, Dialog, Field } from '../../../ui';
import type { CandidateDetails } from './types';

interface Props {
  readonly project: string;
  readonly candidate: CandidateDetails;
  readonly onClose: () => void;
}

/** Choose the model of which a candidate becomes a version; the form of new versions does the rest. */
export function RegisterDialog({ project, candidate, onClose }: Props) {
  const t = useT();
  const go = useNavigate();
  const own = candidate.experiment?.model?.name;
  const [search, setSearch] = useState('');
  const [model, setModel] = useState<string | null>(own ?? null);
  const models = useQuery({ ...query(CandidateModelChoicesDocument, { project, search }), placeholderData: keepPreviousData });
  const names = models.data?.project?.models.nodes ?? [];
  const items = names.map(({ name, latestVersion }) => ({ value: name, label: latestVersion === null ? name : `${name} (${latestVersion.version})` }));
  return (
    <Dialog
      open
      onClose={onClose}
      title={t('candidates.register')}
      footer={
        <>
          <ButtonLink to="/p/$project/new-model" params={{ project }} variant="quiet">
            {t('candidates.register_new')}
          </ButtonLink>
          <Button
            variant="primary"
            disabled={model === null}
            onClick={() => model !== null && void go({ to: '/p/$project/models/$model/new-version', params: { project, model }, search: { candidate: candidate.uuid } })}
          >
            {t('candidates.register_next')}
          </Button>
        </>
      }
    >
      <Field label={t('candidates.register_model')} hint={t('candidates.register_hint')}>
        <Combobox items={own !== undefined && !items.some((item) => item.value === own) ? [{ value: own, label: own }, ...items] : items} value={model} onChange={setModel} onSearch={setSearch} />
      </Field>
    </Dialog>
  );
}
