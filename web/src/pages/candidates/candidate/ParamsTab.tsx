import { useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { useSending } from '../../../api';
import { CandidateUpdateDocument } from '../../../api/operations';
import { useT } from '../../../i18n';
import { Button, Empty, Field, FilterBar, IconButton, SearchInput, Section, Table, TextInput } from '../../../ui';
import type { CandidateDetails } from './types';
import styles from './candidate.module.css';

interface Props {
  readonly candidate: CandidateDetails;
  readonly search: string;
  readonly onSearch: (text: string) => void;
}

/** Params, and tags that can be changed. */
export function ParamsTab({ candidate, search, onSearch }: Props) {
  const t = useT();
  const queries = useQueryClient();
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const { send, isBusy, errors, failure } = useSending(CandidateUpdateDocument);
  const matches = (one: { readonly key: string; readonly value: string }) => `${one.key}\n${one.value}`.toLowerCase().includes(search.toLowerCase());
  const write = async (tag: string, text: string | null) => {
    const done = await send({ input: { candidate: { id: candidate.id }, tags: [{ key: tag, value: text }] } });
    await queries.invalidateQueries();
    return done !== null;
  };
  const columns = [
    { id: 'key', header: t('candidates.key'), width: 'min(260px, 36vw)', cell: (one: { key: string }) => one.key },
    { id: 'value', header: t('candidates.value'), cell: (one: { value: string }) => <span className={styles.value}>{one.value}</span> },
  ];
  return (
    <>
      <FilterBar>
        <SearchInput value={search} label={t('candidates.params_search')} placeholder={t('candidates.params_search')} onChange={onSearch} />
      </FilterBar>
      <Section title={t('candidates.column_group.p')}>
        <Table caption={t('candidates.column_group.p')} rows={candidate.params.filter(matches)} rowKey={(one) => one.key} columns={columns} empty={<Empty title={t('candidates.no_params')} />} />
      </Section>
      <Section title={t('candidates.column_group.t')}>
        <Table
          caption={t('candidates.column_group.t')}
          rows={candidate.tags.filter(matches)}
          rowKey={(one) => one.key}
          empty={<Empty title={t('candidates.no_tags')} />}
          columns={[
            ...columns,
            {
              id: 'remove',
              header: '',
              width: 48,
              align: 'end',
              cell: (one: { key: string }) =>
                candidate.viewerCanUpdate && !one.key.startsWith('mlflow.') && <IconButton label={t('candidates.tag_remove_one', { key: one.key })} icon={<X size={14} aria-hidden />} onClick={() => void write(one.key, null)} />,
            },
          ]}
        />
        {candidate.viewerCanUpdate && candidate.deletedAt === null && (
          <form
            className={styles.bar}
            onSubmit={(event) => {
              event.preventDefault();
              void write(key.trim(), value).then((isDone) => isDone && (setKey(''), setValue('')));
            }}
          >
            <Field label={t('candidates.tag_key')} error={errors[0]?.message ?? failure?.message}>
              <TextInput value={key} onChange={(event) => setKey(event.currentTarget.value)} />
            </Field>
            <Field label={t('candidates.tag_value')}>
              <TextInput value={value} onChange={(event) => setValue(event.currentTarget.value)} />
            </Field>
            <Button type="submit" variant="secondary" busy={isBusy} disabled={key.trim() === ''}>
              {t('candidates.tag_set')}
            </Button>
          </form>
        )}
      </Section>
    </>
  );
}
