import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { query } from '../../api';
import { CandidateChoicesDocument, CandidateChosenDocument } from '../../api/operations';
import { useT } from '../../i18n';
import { Combobox, Field } from '../../ui';
import { candidateFilter } from './candidate_filter';
import { useSettled } from './settled';

/** The candidate that a version takes over with its files, of any experiment of the project; by name or UUID. */
export function CandidateChoice({
  project,
  experiments,
  uuid,
  value,
  onChange,
  error,
}: {
  readonly project: string;
  readonly experiments: readonly { readonly id: string }[];
  /** The one that the page was opened for. */
  readonly uuid: string | undefined;
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
  readonly error: string | undefined;
}) {
  const t = useT();
  const [search, setSearch] = useState('');
  const settled = useSettled(search);
  const choices = useQuery({
    ...query(CandidateChoicesDocument, {
      project,
      experimentIds: experiments.map(({ id }) => id),
      filter: candidateFilter(settled),
    }),
    enabled: experiments.length > 0,
    placeholderData: keepPreviousData,
  });
  const given = useQuery({ ...query(CandidateChosenDocument, { project, uuid: uuid ?? '' }), enabled: uuid !== undefined });
  const first = given.data?.candidate ?? null;
  const firstId = first?.id;
  useEffect(() => {
    if (firstId !== undefined) onChange(firstId);
    // Once, when it has come.
  }, [firstId]);
  const found = choices.data?.project?.candidateSearch.nodes ?? [];
  const all = first && !found.some(({ id }) => id === first.id) ? [first, ...found] : found;
  return (
    <Field label={t('versions.candidate')} hint={t('versions.candidate_hint')} error={error} required={false}>
      <Combobox
        items={all.map(({ id, name, uuid: run, experiment }) => ({
          value: id,
          label: name || run,
          hint: [experiment?.name, run.slice(0, 8)].filter(Boolean).join(' · '),
        }))}
        value={value}
        onChange={onChange}
        onSearch={setSearch}
        loading={choices.isFetching}
        placeholder={t('versions.candidate_new')}
      />
    </Field>
  );
}
